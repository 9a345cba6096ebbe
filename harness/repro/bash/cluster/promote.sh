# promote NODE [leave]: NODE becomes master, and everybody who followed its old master, and that one, follows NODE; with
# "leave" the old master is left a master.
promote() {
  local new=$1 old name
  old=$(master_of "$new")
  old=${old:-$(current_master)}
  rm -f "$WORK/follows/$new"
  printf '%s' "$new" >"$WORK/master"
  if [ -e "$WORK/slots-$old" ]; then mv "$WORK/slots-$old" "$WORK/slots-$new"; fi
  local followers=()
  for name in "${NODES[@]}"; do
    if [ "$name" = "$new" ]; then continue; fi
    if [ "$name" = "$old" ] || [ "$(master_of "$name")" = "$old" ]; then
      printf '%s' "$new" >"$WORK/follows/$name"
      if [ "$name" = "$old" ] && [ "${2:-}" = leave ]; then continue; fi
      followers+=("$name")
    fi
  done
  mark_masters
  tell "$new"
  for name in "${followers[@]}"; do tell "$name" & done
  wait
}
