# migrate_slots FROM TO finish|roll-back SLOT...: one after the other by CLUSTERX MIGRATE; it ends at the first that fails, or with the chaos phase.
# What is open then is carried on by close_slots, or left to the server, which has it as before.
migrate_slots() {
  local from to close=$3 slot total moved=0
  from=$(shard_master "$1") to=$(shard_master "$2")
  shift 3
  total=$#
  for slot in "$@"; do
    if chaos_over; then break; fi
    printf '%d' "$((100 * moved / total))" | tee "$WORK/migrating-$from" >"$WORK/importing-$to"
    if ! migrate_slot "$from" "$to" "$slot"; then
      printf '%s' "$slot" >"$WORK/unmoved"
      if [ "$close" = finish ]; then printf '%s %s %s\n' "$from" "$to" "$slot" >>"$WORK/open-slots"; fi
      break
    fi
    moved=$((moved + 1))
  done
  rm -f "$WORK/migrating-$from" "$WORK/importing-$to"
  say "$moved of $total slots moved from $from to $to"
}

shard_master() {
  local master
  master=$(master_of "$1")
  printf '%s' "${master:-$1}"
}

# first_slots NODE COUNT: slots of its shard's master, first those with the keys of loads and preload.
first_slots() {
  local master
  master=$(shard_master "$1")
  tr ' ' '\n' <"$WORK/slots-$master" | awk -F- -v n="$2" -v keys="${SLOTS[$master]}" '
    NF { last = $2 == "" ? $1 : $2; for (s = $1 + 0; s <= last; s++) own[s] = 1 }
    END {
      many = split(keys, first, " ")
      for (i = 1; i <= many && n > 0; i++) if (first[i] in own) { printf "%s ", first[i]; delete own[first[i]]; n-- }
      for (s = 0; s < 16384 && n > 0; s++) if (s in own) { printf "%s ", s; n-- }
    }'
}

# migrate_slot FROM TO SLOT: fails when a server does not do it.
migrate_slot() {
  local from=$1 to=$2 slot=$3 answer name version told=''
  answer=$(cli "$from" CLUSTERX MIGRATE "$slot" "${ID[$to]}")
  while [ "$answer" = OK ] || [ "$answer" = start ]; do
    sleep 0.1
    answer=$(cli "$from" CLUSTER INFO | tr -d '\r' | awk -F': *' -v slot="$slot" '
      /^migrating_slot/ { of = $2 }
      /^migrating_state/ { state = $2 }
      END { print of == slot ? state : "it knows of no such migration" }')
  done
  if [ "$answer" != success ]; then say "$from: slot $slot does not go to $to: ${answer:-no answer}" && return 1; fi
  # It is read before it is written.
  printf '%s' "$(tr ' ' '\n' <"$WORK/slots-$from" | awk -F- -v slot="$slot" -v ORS=' ' '
    NF { last = $2 == "" ? $1 : $2
      if (slot < $1 + 0 || slot > last + 0) { print; next }
      if (slot > $1 + 0) print $1 "-" slot - 1
      if (slot < last + 0) print slot + 1 "-" last }')" >"$WORK/slots-$from"
  printf ' %s' "$slot" >>"$WORK/slots-$to"
  for name in "$to" "$from" "${NODES[@]}"; do
    if is_down "$name" || [[ " $told " = *" $name "* ]]; then continue; fi
    told+=" $name"
    version=$(cli "$name" CLUSTERX VERSION)
    cli "$name" CLUSTERX SETSLOT "$slot" NODE "${ID[$to]}" "$((version + 1))" >/dev/null
  done
}

# When all faults are undone: what was left open goes on.
close_slots() {
  local from to slot end
  if [ ! -e "$WORK/open-slots" ]; then return; fi
  while read -r from to slot; do
    end=$(($(now_ms) + 60000))
    until migrate_slot "$from" "$to" "$slot" || [ "$(now_ms)" -ge "$end" ]; do sleep 1; done
  done <"$WORK/open-slots"
}
