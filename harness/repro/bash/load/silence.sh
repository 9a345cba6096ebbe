# One question after the other to every node, over connections of their own: how long was the longest without answer?
watch_silence() {
  local node
  for node in "${NODES[@]}"; do
    # shellcheck disable=SC2016 # expanded in the container
    docker exec -d "$P-tools" sh -c '
      name=$1 host=$2 port=$3
      while :; do
        read -r asked _ </proc/uptime
        echo "$asked" >"/tmp/asked-$name"
        timeout 600 redis-cli -h "$host" -p "$port" PING >/dev/null 2>&1
        read -r answered _ </proc/uptime
        : >"/tmp/asked-$name"
        ours=0
        if [ -e "/tmp/ours-$name" ]; then read -r ours <"/tmp/ours-$name"; fi
        echo "$asked $answered $ours" >>"/tmp/answers-$name"
        sleep 0.3
      done' -- "$node" "$P-$node" "$PORT"
  done
}

# longest_silence NODE: seconds, rounded down; what is still without answer counts, too.
longest_silence() {
  # shellcheck disable=SC2016 # expanded in the container
  docker exec "$P-tools" sh -c '
    read -r now _ </proc/uptime
    ours=0
    if [ -e "/tmp/ours-$1" ]; then read -r ours <"/tmp/ours-$1"; fi
    { cat "/tmp/answers-$1"; while read -r asked; do echo "$asked $now $ours"; done <"/tmp/asked-$1"; } 2>/dev/null |
      awk '\''$1 >= $3 && $2 - $1 > worst { worst = $2 - $1 } END { printf "%d", worst }'\' -- "$1"
}
