observe_crash() {
  local node status
  for node in "${NODES[@]}"; do
    if is_down "$node"; then continue; fi
    status=$(docker inspect -f '{{.State.Status}}, exit code {{.State.ExitCode}}, killed for its memory: {{.State.OOMKilled}}' "$P-$node")
    case $status in
      running*) say "$node: runs" ;;
      *)
        found "$node: ENDED: $status"
        docker logs --tail 15 "$P-$node" 2>&1 | sed 's/^/    | /'
        ;;
    esac
  done
}
