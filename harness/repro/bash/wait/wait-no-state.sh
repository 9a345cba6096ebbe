# wait_no_state NODE STATE: until the node shows it no more: a state that is still there does not count again.
wait_no_state() {
  until chaos_over; do
    matches "$1" "$2" || return 0
    sleep 0.1
  done
  return 1
}
