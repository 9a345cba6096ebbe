is_down() { [ -e "$WORK/down-$1" ]; }
is_fine() {
  local now
  # INFO may answer where nothing else does.
  [ "$(WITHIN=3 cli "$1" PING)" = PONG ] || return 1
  now=$(WITHIN=3 state "$1")
  if [ -n "$(master_of "$1")" ]; then
    [[ $now == *"role=replica link=up syncing=0 loading=0 "* ]]
  else
    [[ $now == *"role=master "*"loading=0 "* ]]
  fi
}

# wait_fine SECONDS: until every node serves, and every replica replicates.
wait_fine() {
  local end=$(( $(now_ms) + $1 * 1000 )) node left
  while :; do
    left=''
    for node in "${NODES[@]}"; do is_down "$node" || is_fine "$node" || left+=" $node"; done
    if [ -z "$left" ]; then return 0; fi
    if [ "$(now_ms)" -ge "$end" ]; then say "not recovered:$left" && return 1; fi
    sleep 0.5
  done
}
