# memory_use NODE: bytes, page cache included, as its control group counts them (version 1 or 2).
memory_use() {
  docker exec "$P-$1" sh -c 'cat /sys/fs/cgroup/memory/memory.usage_in_bytes 2>/dev/null || cat /sys/fs/cgroup/memory.current'
}

# limit_memory NODE BYTES: no more than that, and no swap; without BYTES, all that this machine has.
limit_memory() {
  local bytes=${2:-$(docker info -f '{{.MemTotal}}')}
  docker update --memory "$bytes" --memory-swap "$bytes" "$P-$1" >/dev/null || say "$1: its memory could not be limited to $bytes bytes"
}
