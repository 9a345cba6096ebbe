# link_name FROM TO: TO may be "master", the one that FROM follows at this moment.
link_name() {
  local to=$2
  if [ "$to" = master ]; then to=$(master_of "$1"); fi
  printf '%s_%s' "$1" "${to:-$(current_master)}"
}
