# links_of NODE: every link from and to it.
links_of() {
  local link
  for link in "${!LISTEN[@]}"; do
    case $link in "${1}_"* | *"_$1") printf '%s\n' "$link" ;; esac
  done
}
