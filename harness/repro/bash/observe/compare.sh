# dump NODE: all its data (of the key space that SPACE chooses), sorted, one line per element: key, type (place in a list), value.
dump() {
  # shellcheck disable=SC2016 # expanded in the container
  docker exec -i "$P-tools" sh -s -- "$P-$1" "$PORT" "${SPACE:-}" <<'SHELL' 2>/dev/null | LC_ALL=C sort
    ask() { redis-cli $space -h "$host" -p "$port"; }
    host=$1 port=$2 space=$3 mark="@@$$@"
    timeout 120 redis-cli $space -h "$host" -p "$port" --scan | LC_ALL=C sort -u >"/tmp/keys-$$"
    { echo READONLY; awk -v m="$mark" '{ print "ECHO \"" m $0 "\""; print "TYPE \"" $0 "\"" }' "/tmp/keys-$$"; } | ask |
      awk -v m="$mark" 'index($0, m) == 1 { key = substr($0, length(m) + 1); next } key != "" { print $0 "\t" key; key = "" }' |
      awk -F '\t' -v m="$mark" '
        BEGIN { print "READONLY" }
        { print "ECHO \"" m $1 "\t" $2 "\"" }
        $1 == "string" { print "GET \"" $2 "\"" }
        $1 == "list" { print "LRANGE \"" $2 "\" 0 -1" }
        $1 == "set" { print "SMEMBERS \"" $2 "\"" }
        $1 == "zset" { print "ZRANGE \"" $2 "\" 0 -1 WITHSCORES" }
        $1 == "hash" { print "HGETALL \"" $2 "\"" }' | ask |
      awk -v m="$mark" '
        index($0, m) == 1 { split(substr($0, length(m) + 1), a, "\t"); type = a[1]; key = a[2]; n = 0; next }
        key == "" { next }
        type == "list" { printf "%s\t%06d\t%s\n", key, n++, $0; next }
        type == "zset" || type == "hash" { if (n++ % 2 == 0) { first = $0; next } $0 = first " = " $0 }
        { print key "\t" type "\t" $0 }'
    rm -f "/tmp/keys-$$"
SHELL
}

# Compares every replica with its master. Replication may still have something to do: only data that differs and no longer
# changes on either side (three reads, 2 s apart) counts, or after 60 s whatever differs.
observe_data() {
  local SPACE
  for SPACE in "${SPACES[@]-}"; do observe_key_space "${SPACE:+ ($SPACE)}"; done
}
observe_key_space() {
  local node master n same different
  for node in "${NODES[@]}"; do
    master=$(master_of "$node")
    if [ -z "$master" ] || is_down "$node"; then continue; fi
    if [ "$(WITHIN=10 cli "$node" PING)" != PONG ]; then say "$node: does not answer, its data cannot be compared" && continue; fi
    same=0
    for n in {1..30}; do
      dump "$master" >"$WORK/master.dump"
      dump "$node" >"$WORK/replica.dump"
      if cmp -s "$WORK/master.dump" "$WORK/replica.dump"; then break; fi
      cat "$WORK/master.dump" "$WORK/replica.dump" | cksum >"$WORK/now"
      if cmp -s "$WORK/now" "$WORK/before"; then same=$((same + 1)); else same=0; fi
      if [ "$same" -ge 2 ]; then break; fi
      mv "$WORK/now" "$WORK/before"
      sleep 2
    done
    different=$(LC_ALL=C comm -3 "$WORK/master.dump" "$WORK/replica.dump" | sed 's/^\t//' | cut -f 1 | sort -u | grep -c .)
    if [ "$different" -gt 0 ]; then
      found "$node: DIFFERS from its master $master in $different keys$1, after load had stopped (read $n times). The first:"
      echo "    | only on $master:"
      LC_ALL=C comm -23 "$WORK/master.dump" "$WORK/replica.dump" | cut -c 1-100 | head -n 5 | sed 's/^/    |   /'
      echo "    | only on $node:"
      LC_ALL=C comm -13 "$WORK/master.dump" "$WORK/replica.dump" | cut -c 1-100 | head -n 5 | sed 's/^/    |   /'
    else
      say "$node: holds the same as its master $master ($(cut -f 1 "$WORK/master.dump" | uniq | grep -c .) keys)$1"
    fi
  done
}
