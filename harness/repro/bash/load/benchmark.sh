# benchmark NODE ARGUMENTS...: redis-benchmark again and again. Where GATED is 1 it waits while the node is no master; SPACE chooses a key space.
benchmark() {
  local host port gate='' space=${SPACE:-}
  space=${space/#-n/--dbnum} # redis-benchmark's words for it
  read -r host port <<<"$(address client "$1")"
  if [ "$GATED" = 1 ]; then gate=/tmp/master-$1; fi
  # shellcheck disable=SC2016 # expanded in the container
  docker exec -d "$P-tools" sh -c '
    host=$1 port=$2 gate=$3 space=$4
    shift 4
    while [ ! -e /tmp/stop ]; do
      if [ -z "$gate" ] || [ -e "$gate" ]; then
        redis-benchmark $space -h "$host" -p "$port" "$@" &
        echo $! >>/tmp/benchmark-pids
        wait
      fi
      sleep 0.5
    done >/dev/null 2>&1' -- "$host" "$port" "$gate" "${space#--no-auth-warning}" "${@:2}"
}
