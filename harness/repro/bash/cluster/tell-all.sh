# Every server is told once more what it should be: masters first.
tell_all() {
  local name pids=() wanted
  for wanted in master replica; do
    for name in "${NODES[@]}"; do
      if is_down "$name" || { [ "$wanted" = master ] && [ -n "$(master_of "$name")" ]; } ||
        { [ "$wanted" = replica ] && [ -z "$(master_of "$name")" ]; }; then continue; fi
      ROLE_S=5 tell "$name" &
      pids+=($!)
    done
    wait "${pids[@]}"
  done
}
