# load NODE LOOPS BATCH PAUSE SEED FILE: so many connections to a node; on each a batch of commands (printed by the awk program
# FILE), a pause of so many seconds, and so on. Where GATED is 1 it sends nothing while the node is no master; SPACE chooses a key space.
load() {
  local host port gate=''
  read -r host port <<<"$(address client "$1")"
  if [ "$GATED" = 1 ]; then gate=/tmp/master-$1; fi
  # shellcheck disable=SC2016 # expanded in the container
  docker exec -d "$P-tools" sh -c '
    host=$1 port=$2 loops=$3 batch=$4 pause=$5 seed=$6 gate=$7 file=$8 space=$9
    for i in $(seq "$loops"); do
      while [ ! -e /tmp/stop ]; do
        awk -v batch="$batch" -v pause="$pause" -v seed="$((seed + i))" -v gate="$gate" -f "$file" | redis-cli $space -h "$host" -p "$port"
        sleep 1
      done >/dev/null 2>&1 &
      echo $! >>/tmp/load-pids
    done
    wait' -- "$host" "$port" "$2" "$3" "$4" "$5" "$gate" "$6" "${SPACE:-}"
}
