# Load stops; what is under way comes to its end, unless a server never answers.
stop_load() {
  # shellcheck disable=SC2016 # expanded in the container
  docker exec "$P-tools" sh -c '
    : >/tmp/stop
    if [ -e /tmp/benchmark-pids ]; then kill $(cat /tmp/benchmark-pids) 2>/dev/null; fi
    for i in $(seq 50); do
      left=0
      for pid in $(cat /tmp/load-pids); do if [ -d "/proc/$pid" ]; then left=1; fi; done
      if [ $left = 0 ]; then break; fi
      sleep 0.2
    done' 2>/dev/null
  say "load has stopped"
}
