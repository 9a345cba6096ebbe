# wait_state NODE STATE [PERCENT]: until the node shows it (a full sync or loading: so far come), or the chaos phase is over.
wait_state() {
  local percent
  until chaos_over; do
    if [ -n "${3:-}" ]; then
      percent=$(sync_percent "$1")
      if [ -n "$percent" ] && [ "$percent" -ge "$3" ]; then return 0; fi
    elif matches "$1" "$2"; then
      return 0
    fi
    sleep 0.1
  done
  return 1
}
