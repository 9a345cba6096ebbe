# matches NODE STATE: does INFO of the node show it?
matches() {
  local now
  now=$(WITHIN=2 state "$1")
  case $2 in
    master | replica) [[ $now == *"role=$2 "* ]] ;;
    link-up) [[ $now == *"role=replica link=up "* ]] ;;
    link-down) [[ $now == *"role=replica link=down "* ]] ;;
    full-sync) [[ $now == *"syncing=1 "* ]] || [ -n "$(sync_percent "$1")" ] ;;
    loading) [[ $now == *"loading=1 "* ]] ;;
  esac
}
