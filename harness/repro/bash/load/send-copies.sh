# send_copies GAP_SECONDS NODE... -- COMMAND...: one copy per node named, each on a connection of its own, so far apart.
send_copies() {
  local gap=$1 hosts=()
  shift
  while [ "$1" != -- ]; do
    hosts+=("$P-$1")
    shift
  done
  shift
  # shellcheck disable=SC2016 # expanded in the container
  docker exec "$P-tools" sh -c '
    gap=$1 port=$2 hosts=$3
    shift 3
    for host in $hosts; do
      (timeout 10 redis-cli -h "$host" -p "$port" "$@" 2>&1 | sed "s/^/$host: /") &
      if [ "$gap" != 0 ]; then sleep "$gap"; fi
    done
    wait' -- "$gap" "$PORT" "${hosts[*]}" "$@"
}
