# Waits until the chaos phase is over and every fault has come to its end; one that hangs is not waited for.
end_of_chaos() {
  local left=$((T0 + CHAOS_MS - $(now_ms))) n
  if [ "$left" -gt 0 ]; then nap_ms "$left"; fi
  for n in {1..240}; do
    [ -n "$(jobs -pr)" ] || return 0
    sleep 0.25
  done
  say "some commands are still without answer after $((n / 4)) s"
}
