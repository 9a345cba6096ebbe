# shut_down NODE SECONDS HOW...: asks a server to end, and kills it when it has not ended in time.
shut_down() {
  local node=$1 end=$(( $(now_ms) + $2 * 1000 ))
  : >"$WORK/down-$node"
  if [ "$3" = sigterm ]; then docker kill -s SIGTERM "$P-$node" >/dev/null; else cli "$node" "${@:3}"; fi
  while [ "$(docker inspect -f '{{.State.Running}}' "$P-$node")" = true ]; do
    if [ "$(now_ms)" -ge "$end" ]; then
      found "$node: DOES NOT END: it still runs $2 s after it was asked to stop (${*:3})"
      docker kill -s SIGKILL "$P-$node" >/dev/null
      break
    fi
    sleep 0.2
  done
  say "$node: $(docker inspect -f '{{.State.Status}}, exit code {{.State.ExitCode}}' "$P-$node")"
}
