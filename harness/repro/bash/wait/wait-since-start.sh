# wait_since_start NODE SECONDS [anew]: until its server was started so long ago, or the chaos phase is over. A moment that is past
# already does not count, and with `anew` neither does the start that was the last one when this was called.
wait_since_start() {
  local first=1 known='' started due
  until chaos_over; do
    started=$(docker inspect -f '{{if .State.Running}}{{.State.StartedAt}}{{end}}' "$P-$1")
    if [ -n "$started" ]; then
      due=$(awk -v at="$(date -d "$started" +%s.%N)" -v s="$2" 'BEGIN { printf "%.0f", (at + s) * 1000 }')
      if [ -n "$first" ] && { [ -n "${3:-}" ] || [ "$due" -lt "$(($(now_ms) - 1000))" ]; }; then known=$started; fi
      if [ "$started" != "$known" ] && [ "$(now_ms)" -ge "$due" ]; then return 0; fi
    fi
    first=''
    sleep 0.1
  done
  return 1
}
