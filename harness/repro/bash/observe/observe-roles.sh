observe_roles() {
  local node wanted now
  for node in "${NODES[@]}"; do
    if is_down "$node"; then continue; fi
    if [ -n "$(master_of "$node")" ]; then wanted=replica; else wanted=master; fi
    now=$(state "$node")
    case $now in
      *"role=$wanted "*) say "$node: is a $wanted, as it should be" ;;
      *) found "$node: WRONG ROLE: should be a $wanted: ${now:-no answer}" ;;
    esac
  done
}
