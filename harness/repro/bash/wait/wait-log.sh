# wait_log NODE REGEX [N]: until its log has N lines (1) that match, from now on, or the chaos phase is over.
wait_log() {
  local since=$EPOCHREALTIME
  until chaos_over; do
    if [ "$(docker logs --since "$since" "$P-$1" 2>&1 | grep -Ec -- "$2")" -ge "${3:-1}" ]; then return 0; fi
    sleep 0.1
  done
  return 1
}
