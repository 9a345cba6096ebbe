# Tells the load which nodes are masters now.
mark_masters() {
  local name names=()
  for name in "${NODES[@]}"; do if [ -z "$(master_of "$name")" ]; then names+=("/tmp/master-$name"); fi; done
  # shellcheck disable=SC2016 # expanded in the container
  docker exec "$P-tools" sh -c 'rm -f /tmp/master-*; for f; do : >"$f"; done' -- "${names[@]}"
}
