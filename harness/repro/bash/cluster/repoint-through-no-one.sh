# repoint_through_no_one REPLICA MASTER: a master of its own first.
repoint_through_no_one() {
  rm -f "$WORK/follows/$1"
  tell "$1"
  printf '%s' "$2" >"$WORK/follows/$1"
  tell "$1"
}
