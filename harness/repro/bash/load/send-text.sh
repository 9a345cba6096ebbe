# send_text NODE TEXT [GREETING]: the bytes that printf writes, over a connection of their own, if the server still answers PING.
send_text() {
  if [ -n "$SILENCED" ]; then return; fi
  connect_many "$1" 1 0 >/dev/null
  if [ -n "$3" ]; then write_all "$3"; fi
  write_all "$2"
  nap_ms 100
  disconnect_many
  if cli "$1" PING | grep -q PONG; then return; fi
  SILENCED=1
  say "$1: PING is not answered any more after $(printf '%.200s' "$2")"
}
