# replica_number N: the N-th of the present replicas, in order of their names, from 0 on.
replica_number() {
  local names
  mapfile -t names < <(cd "$WORK/follows" && ls)
  printf '%s' "${names[$1 % ${#names[@]}]}"
}
