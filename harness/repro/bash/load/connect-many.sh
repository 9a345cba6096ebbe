# connect_many NODE COUNT MILLISECONDS: opens connections straight to the container, evenly over that time; they stay open
# until disconnect_many, or until this subshell ends.
connect_many() {
  local ip n fd due start
  FDS=()
  ulimit -n "$(($2 + 200))" 2>/dev/null
  ip=$(docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}' "$P-$1" | cut -d ' ' -f 1)
  start=$(now_ms)
  for ((n = 0; n < $2; n++)); do
    if ((n % 20 == 0)); then
      due=$((start + n * $3 / $2 - $(now_ms)))
      if [ "$due" -gt 0 ]; then nap_ms "$due"; fi
    fi
    if { exec {fd}<>"/dev/tcp/$ip/$PORT"; } 2>/dev/null; then FDS+=("$fd"); fi
  done
  say "$1: ${#FDS[@]} of $2 connections opened in $(($(now_ms) - start)) ms"
}
disconnect_many() {
  local fd
  for fd in "${FDS[@]}"; do exec {fd}>&-; done
} 2>/dev/null

# write_all TEXT: the same bytes (as printf writes them) on each of them.
write_all() {
  local fd
  # shellcheck disable=SC2059 # the bytes are written as a format
  for fd in "${FDS[@]}"; do printf "$1" >&"$fd"; done
} 2>/dev/null
