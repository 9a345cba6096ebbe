# other_master REPLICA: a master that it does not follow.
other_master() {
  local name mine
  mine=$(master_of "$1")
  for name in "${NODES[@]}"; do
    if [ -z "$(master_of "$name")" ] && [ "$name" != "$mine" ]; then printf '%s' "$name" && return; fi
  done
}
