# send_texts NODE [GREETING]: each line of the input, as printf writes it, over a connection of its own, until PING has no answer any more.
send_texts() {
  local text n=0
  while IFS= read -r text; do
    connect_many "$1" 1 0 >/dev/null
    if [ -n "$2" ]; then write_all "$2"; fi
    write_all "$text"
    nap_ms 100
    disconnect_many
    n=$((n + 1))
    if ! cli "$1" PING | grep -q PONG; then
      say "$1: no answer to PING after text $n: $(printf %.200s "$text")"
      return
    fi
  done
  say "$1: $n texts sent, PING is answered"
}
