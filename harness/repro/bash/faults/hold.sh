# hold SECONDS: a fault lasts so long, or to the end of the chaos phase.
hold() {
  local left=$((T0 + CHAOS_MS - $(now_ms))) wanted
  wanted=$(printf '%.0f' "${1}e3")
  if [ "$wanted" -lt "$left" ]; then left=$wanted; fi
  if [ "$left" -gt 0 ]; then nap_ms "$left"; fi
}
