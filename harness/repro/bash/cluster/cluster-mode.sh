# Cluster mode: every node is handed a topology text of its own, in which the others have the addresses of its links.
topology_text() {
  local node=$1 name master host port text=''
  for name in "${NODES[@]}"; do
    if [ "$name" = "$node" ]; then host=$name port=$PORT; else read -r host port <<<"$(address "$node" "$name")"; fi
    master=$(master_of "$name")
    if [ -n "$text" ]; then text+=$'\n'; fi
    text+="${ID[$name]} $host $port ${master:+slave ${ID[$master]}}"
    if [ -z "$master" ]; then text+="master -$(slots_of "$name")"; fi
  done
  printf '%s' "$text"
}

tell() {
  local node=$1 answer
  answer=$(WITHIN=${ROLE_S:-15} cli "$node" CLUSTERX SETNODES "$(topology_text "$node")" "$(now_ms)")
  say "$node: CLUSTERX SETNODES: ${answer:-no answer}"
}

# A promoted replica takes over the slots of the master it had.
slots_of() { if [ -s "$WORK/slots-$1" ]; then printf ' %s' "$(cat "$WORK/slots-$1")"; fi; }
