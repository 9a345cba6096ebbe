# limit_cpu NODE CORES: it gets no more than that; without CORES, what it had before.
limit_cpu() {
  local before
  before=$(docker inspect -f '{{.HostConfig.NanoCpus}}' "$P-$1")
  if [ ! -e "$WORK/cpu-$1" ]; then printf '%s' "$before" >"$WORK/cpu-$1"; fi
  if [ "$before" = 0 ]; then
    docker update --cpu-period 100000 --cpu-quota "$(awk -v c="${2:-}" 'BEGIN { print c == "" ? -1 : int(c * 100000) }')" "$P-$1" >/dev/null
  else
    docker update --cpus "$(awk -v c="${2:-}" -v n="$(cat "$WORK/cpu-$1")" 'BEGIN { print c == "" ? n / 1e9 : c }')" "$P-$1" >/dev/null
  fi || say "$1: its CPU could not be limited"
}
