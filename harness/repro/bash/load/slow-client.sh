# slow_client NODE RATE PENDING: a client that asks for PENDING bytes at once and reads RATE bytes per second.
slow_client() {
  local ip rate=$2 left=$3
  ip=$(docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}' "$P-$1" | cut -d ' ' -f 1)
  exec 3<>"/dev/tcp/$ip/$PORT" || return 1
  while [ "$left" -gt 0 ]; do
    printf '*2\r\n$4\r\nECHO\r\n$65536\r\n%065536d\r\n' 0
    left=$((left - 65536))
  done >&3 &
  until chaos_over; do
    dd bs=$((rate / 10 + 1)) count=1 <&3 >/dev/null 2>&1 || break
    sleep 0.1
  done
}
