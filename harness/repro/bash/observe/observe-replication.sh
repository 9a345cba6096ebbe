offset_of() { state "$1" | sed -n 's/.*offset=\([0-9][0-9]*\).*/\1/p'; }

# Writes go to the masters for 10 s: does every replica's offset follow?
observe_replication() {
  local node master before after n
  for node in "${NODES[@]}"; do
    master=$(master_of "$node")
    if [ -z "$master" ] || is_down "$node"; then continue; fi
    before=$(offset_of "$node")
    for n in {1..20}; do
      cli "$master" SET "${TAG[$master]:-}repro:progress" "$n" >/dev/null
      sleep 0.5
    done
    after=$(offset_of "$node")
    if [ "${after:-0}" = "${before:-0}" ]; then
      found "$node: STALLED: 20 writes went to $master in 10 s, and its offset stayed at ${after:-(no answer)}"
    else
      say "$node: its offset went from $before to $after in 10 s"
    fi
  done
}
