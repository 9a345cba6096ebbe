# observe_hang LIMIT: asks every node on 20 new connections; LIMIT (seconds, 0 for none): a longer silence before counts even if it ended.
observe_hang() {
  local node answered silence
  for node in "${NODES[@]}"; do
    if is_down "$node"; then continue; fi
    # shellcheck disable=SC2016 # expanded in the container
    answered=$(docker exec "$P-tools" sh -c 'for i in $(seq 20); do (timeout 10 redis-cli -h "$1" -p "$2" PING 2>/dev/null | grep -c . | grep -q 1 && echo answered) & done; wait' -- "$P-$node" "$PORT" 2>/dev/null | grep -c answered)
    silence=$(longest_silence "$node")
    if [ "$answered" -eq 0 ]; then
      found "$node: HUNG: none of 20 new connections had an answer to PING within 10 s; CPU $(docker stats --no-stream --format '{{.CPUPerc}}' "$P-$node")"
    elif [ "$answered" -lt 20 ]; then
      found "$node: PARTLY HUNG: only $answered of 20 new connections had an answer to PING within 10 s"
    elif [ "$1" -gt 0 ] && [ "$silence" -ge "$1" ]; then
      found "$node: WAS SILENT for $silence s (limit $1 s); it answers again"
    else
      say "$node: answers on 20 of 20 new connections; its longest silence was $silence s"
    fi
  done
}
