# repoint REPLICA MASTER
repoint() {
  printf '%s' "$2" >"$WORK/follows/$1"
  tell "$1"
}
