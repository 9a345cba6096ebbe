# place FROM TO host|port: how FROM dials TO.
place() {
  local host port
  read -r host port <<<"$(address "$1" "$2")"
  if [ "$3" = host ]; then printf '%s' "$host"; else printf '%s' "$port"; fi
}
