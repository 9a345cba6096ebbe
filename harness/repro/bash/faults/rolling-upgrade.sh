# rolling_upgrade IMAGE STOP LINKED FAILOVER WHO...: one after the other (nodes, "replicas", "masters") has STOP seconds to stop and starts with
# IMAGE on its data, a master (FAILOVER is yes) after its role has gone to an upgraded replica; it ends where they are not linked LINKED seconds later.
rolling_upgrade() {
  local image=$1 stop=$2 linked=$3 failover=$4 who name kind heir names=() upgraded=()
  for who in "${@:5}"; do
    for name in "${NODES[@]}"; do
      if [ -n "$(master_of "$name")" ]; then kind=replicas; else kind=masters; fi
      if [[ $who = "$name" || $who = "$kind" ]] && [[ " ${names[*]} " != *" $name "* ]]; then names+=("$name"); fi
    done
  done
  for name in "${names[@]}"; do
    if [ "$failover" = yes ] && [ -z "$(master_of "$name")" ]; then
      heir=''
      for who in "${upgraded[@]}"; do
        if [ "$(master_of "$who")" = "$name" ]; then heir=$who && break; fi
      done
      if [ -z "$heir" ]; then
        say "$name is restarted as master: it has no upgraded replica"
      else
        promote "$heir"
        [[ $(state "$heir") = *role=master* ]] || { say "the upgrade stops at $name: its role did not move to $heir" && return; }
      fi
    fi
    ours "$name"
    : >"$WORK/down-$name"
    docker stop -t "$stop" "$P-$name" >/dev/null
    exchange "$name" "$image"
    start_again "$name"
    not_ours "$name"
    wait_fine "$linked" || { say "the upgrade stops at $name, ${#upgraded[@]} of ${#names[@]} before it" && return; }
    upgraded+=("$name")
  done
  say "${#upgraded[@]} of ${#names[@]} run on $image: ${upgraded[*]}"
}
