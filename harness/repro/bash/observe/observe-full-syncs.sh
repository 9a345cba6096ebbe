# observe_full_syncs REGEX MOST: lines of a replica's log that begin a full sync, from the beginning of chaos on.
observe_full_syncs() {
  local node n
  for node in "${NODES[@]}"; do
    if [ -z "$(master_of "$node")" ]; then continue; fi
    n=$(docker logs --since "$((T0 / 1000))" "$P-$node" 2>&1 | grep -Ec -- "$1")
    if [ "$n" -gt "$2" ]; then
      found "$node: FULL SYNCS: it began $n of them, and $2 are allowed"
    else
      say "$node: $n full syncs began"
    fi
  done
}
