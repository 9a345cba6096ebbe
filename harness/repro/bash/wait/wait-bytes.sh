# wait_bytes NODE BYTES: until so many bytes have reached the node since its full sync began, or the chaos phase is over.
wait_bytes() {
  local first now
  until chaos_over; do
    if ! matches "$1" full-sync; then
      first=''
    else
      now=$(docker exec "$P-$1" cat /proc/net/dev | awk '/eth/ { sub(/.*:/, ""); n += $1 } END { printf "%d", n }')
      first=${first:-$now}
      if [ "$((now - first))" -ge "$2" ]; then return 0; fi
    fi
    sleep 0.1
  done
  return 1
}
