# observe_slots [unmoved]: keys that several masters have and, with "unmoved", a slot that was not moved with nothing in its way.
observe_slots() {
  local node doubled
  for node in "${NODES[@]}"; do
    if is_down "$node" || [ -n "$(master_of "$node")" ]; then continue; fi
    docker exec "$P-tools" timeout 60 redis-cli -h "$P-$node" -p "$PORT" --scan </dev/null | sort -u >"$WORK/keys-$node"
    say "$node: $(wc -l <"$WORK/keys-$node") keys"
  done
  doubled=$(sort "$WORK"/keys-* | uniq -d)
  if [ -n "$doubled" ]; then found "KEYS ON SEVERAL MASTERS: $(wc -l <<<"$doubled"), like $(head -n 1 <<<"$doubled")"; fi
  if [ -e "$WORK/unmoved" ] && [ -n "${1:-}" ]; then found "NOT MOVED: slot $(cat "$WORK/unmoved"), with nothing in its way"; fi
}
