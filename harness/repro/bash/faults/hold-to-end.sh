# A fault without an end of its own lasts as long as the chaos phase.
hold_to_end() {
  local left=$((T0 + CHAOS_MS - $(now_ms)))
  if [ "$left" -gt 0 ]; then nap_ms "$left"; fi
}
