# start_again NODE: starts a stopped server and tells it what it should be.
start_again() {
  docker start "$P-$1" >/dev/null || say "$1 could not be started again"
  rm -f "$WORK/down-$1"
  wait_answer "$1" 30 || say "$1 does not answer 30 s after its start"
  tell "$1"
}
