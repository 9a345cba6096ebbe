now_ms() { local t=${EPOCHREALTIME/./}; printf '%s' "$((t / 1000))"; }
say() { local t=$(( $(now_ms) - ${START/./} / 1000 )); printf '%5d.%d s  %s\n' "$((t / 1000))" "$((t % 1000 / 100))" "$*"; }
die() { printf 'cannot go on: %s\n' "$*" >&2; exit 2; }
# found TEXT: this is what the script was written to show.
found() { : >"$WORK/found"; say "$*"; }
nap_ms() { sleep "$(($1 / 1000)).$(printf '%03d' "$(($1 % 1000))")"; }

# shellcheck disable=SC2317 # called by the trap
cleanup() {
  trap '' INT TERM
  local job
  for job in $(jobs -p); do kill "$job" 2>/dev/null; done
  rm -rf "$WORK"
  if [ "${KEEP:-0}" = 1 ]; then
    echo "Left running. Remove it with: docker ps -aq --filter label=$P | xargs docker rm -fv; docker network ls -q --filter label=$P | xargs docker network rm"
    return
  fi
  docker ps -aq --filter "label=$P" | while read -r one; do docker rm -fv "$one" >/dev/null 2>&1; done
  docker network ls -q --filter "label=$P" | while read -r one; do docker network rm "$one" >/dev/null 2>&1; done
  if declare -F remove_disks >/dev/null; then remove_disks; fi
}
# begin: what everything else relies on; cleans up whatever happens.
begin() {
  START=$EPOCHREALTIME
  for tool in docker curl; do command -v "$tool" >/dev/null || die "$tool is missing"; done
  WORK=$(mktemp -d) || exit 2
  mkdir -p "$WORK/follows" "$WORK/done"
  trap cleanup EXIT
  trap 'exit 130' INT TERM
}

have() { docker image inspect "$1" >/dev/null 2>&1; }
get_image() { have "$1" || docker pull "$1" || die "the image $1 is neither here nor to be pulled"; }

# start_container NAME [docker options] IMAGE [command]
start_container() {
  local name=$1
  shift
  printf '%s\0' "$@" >"$WORK/run-$name"
  docker run -d --name "$P-$name" --label "$P" "$@" >/dev/null ||
    die "the container of $name did not start"
}

# cli NODE COMMAND...: one command on a connection of its own. No answer within $WITHIN seconds (5) is no answer.
cli() {
  local node=$1
  shift
  docker exec "$P-tools" timeout "${WITHIN:-5}" redis-cli -h "$P-$node" -p "$PORT" "$@" 2>&1 </dev/null
}

# wait_answer NODE SECONDS
wait_answer() {
  local end=$(( $(now_ms) + $2 * 1000 ))
  until [ "$(WITHIN=2 cli "$1" PING)" = PONG ]; do
    [ "$(now_ms)" -lt "$end" ] || return 1
    sleep 0.2
  done
}
