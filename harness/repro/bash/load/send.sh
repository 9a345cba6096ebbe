# send ID NODE COMMAND...: does not wait for the answer; the connection stays open until `unsend ID`.
send() {
  local id=$1 node=$2
  shift 2
  # shellcheck disable=SC2016 # expanded in the container
  docker exec -d "$P-tools" sh -c 'echo $$ >"/tmp/$0.pid"; exec redis-cli "$@"' "$id" -h "$P-$node" -p "$PORT" "$@"
}
# shellcheck disable=SC2016 # expanded in the container
unsend() { docker exec "$P-tools" sh -c 'kill "$(cat "/tmp/$0.pid")"' "$1" 2>/dev/null; }
