# observe_memory NODE BYTES: the most resident memory that its process ever had.
observe_memory() {
  local pid most
  pid=$(docker inspect -f '{{.State.Pid}}' "$P-$1")
  most=$(awk '/^VmHWM:/ { printf "%d", $2 * 1024 }' "/proc/$pid/status" 2>/dev/null)
  if [ "${most:-0}" -gt "$2" ]; then
    found "$1: MEMORY: it came to $most bytes, more than $2"
  else
    say "$1: its memory came to ${most:-(not readable)} bytes at most"
  fi
}
