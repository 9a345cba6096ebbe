# at SECONDS: waits for that moment; fails when the chaos phase is over.
at() {
  local left=$((T0 + $(printf '%.0f' "${1}e3") - $(now_ms)))
  if [ "$left" -gt 0 ]; then nap_ms "$left"; fi
  ! chaos_over
}
