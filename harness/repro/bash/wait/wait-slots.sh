# wait_slots NODE migrating|importing [PERCENT]: until slots are on their way from it, or to it (and so many of them are over), or the chaos
# phase is over.
wait_slots() {
  until chaos_over; do
    if [ "$(cat "$WORK/$2-$1" 2>/dev/null || echo -1)" -ge "${3:-0}" ]; then return 0; fi
    sleep 0.05
  done
  return 1
}
# wait_no_slots NODE STATE: until there are none: those that are on their way already do not count again.
wait_no_slots() {
  while [ -e "$WORK/$2-$1" ]; do
    if chaos_over; then return 1; fi
    sleep 0.05
  done
}
