# other_master NODE: a master that it does not follow, and is not.
other_master() {
  local name mine
  mine=$(master_of "$1")
  mine=${mine:-$1}
  for name in "${NODES[@]}"; do
    if [ -z "$(master_of "$name")" ] && [ "$name" != "$mine" ]; then printf '%s' "$name" && return; fi
  done
}
