# Cluster mode: every node is handed a topology text of its own, in which the others have the addresses of its links.
tell() {
  local node=$1 name master host port text='' version answer
  for name in "${NODES[@]}"; do
    if [ "$name" = "$node" ]; then host=$name port=$PORT; else read -r host port <<<"$(address "$node" "$name")"; fi
    master=$(master_of "$name")
    if [ -n "$text" ]; then text+=$'\n'; fi
    text+="${ID[$name]} $host $port ${master:+slave ${ID[$master]}}"
    if [ -z "$master" ]; then text+="master -$(slots_of "$name")"; fi
  done
  version=$(now_ms)
  answer=$(WITHIN=${ROLE_S:-15} cli "$node" CLUSTERX SETNODES "$text" "$version")
  say "$node: CLUSTERX SETNODES: ${answer:-no answer}"
}

# A promoted replica takes over the slots of the master it had.
slots_of() { if [ -s "$WORK/slots-$1" ]; then printf ' %s' "$(cat "$WORK/slots-$1")"; fi; }
