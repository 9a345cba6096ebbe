# tell NODE: makes it what it should be. A server that is busy with its data says so and is asked again.
tell() {
  local node=$1 master answer host port end
  end=$(( $(now_ms) + ${ROLE_S:-15} * 1000 ))
  while :; do
    master=$(master_of "$node")
    if [ -z "$master" ]; then
      answer=$(WITHIN=${ROLE_S:-15} make_master "$node")
    else
      read -r host port <<<"$(address "$node" "$master")"
      answer=$(WITHIN=${ROLE_S:-15} make_replica "$node" "$host" "$port")
    fi
    if [[ ! $answer =~ $AGAIN ]] || [ "$(now_ms)" -ge "$end" ]; then break; fi
    sleep 0.2
  done
  say "$node: ${master:+replica of }${master:-master}: ${answer:-no answer}"
}
