observe_recovery() {
  if [ "$RECOVERED" = yes ]; then say "every node serves and replicates again"; return; fi
  local node
  for node in "${NODES[@]}"; do
    if ! is_down "$node" && ! is_fine "$node"; then
      found "$node: NOT RECOVERED $RECOVERY_S s after the faults were undone: $(state "$node" | grep . || echo 'no answer')"
    fi
  done
}
