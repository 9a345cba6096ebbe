# wait_log NODE REGEX: until its log has a line that matches, from now on, or the chaos phase is over.
wait_log() {
  local since=$EPOCHREALTIME
  until chaos_over; do
    if docker logs --since "$since" "$P-$1" 2>&1 | grep -Eq -- "$2"; then return 0; fi
    sleep 0.1
  done
  return 1
}
