# state NODE: one line about its role and replication from its INFO; nothing when it does not answer.
state() {
  cli "$1" INFO | tr -d '\r' | awk -F: '
    { v[$1] = $2 }
    END {
      if (v["loading"] == 1) { print "role=loading link=none syncing=1 loading=1 offset= percent="; exit }
      if (!("role" in v)) exit
      slave = v["role"] == "slave"
      printf "role=%s link=%s syncing=%d loading=0 offset=%s percent=\n", slave ? "replica" : v["role"],
        slave ? v["master_link_status"] : "none", v["master_sync_in_progress"], slave ? v["slave_repl_offset"] : v["master_repl_offset"]
    }'
}
