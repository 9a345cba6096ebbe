# address FROM TO: host and port where FROM reaches TO. Clients know a server by its container's name.
address() {
  if [ "$1" = client ]; then printf '%s %s' "$P-$2" "$PORT"; else printf '%s %s' "$2" "$PORT"; fi
}
