did() { : >"$WORK/done/$1"; }

# wait_fault ID: until that fault was injected, or the chaos phase is over.
wait_fault() {
  until [ -e "$WORK/done/$1" ]; do
    if chaos_over; then return 1; fi
    sleep 0.05
  done
}
