# state NODE: one line about its role and replication from its INFO; nothing when it does not answer.
state() {
  cli "$1" INFO | tr -d '\r' | awk -F: '
    { v[$1] = $2 }
    END {
      if (!("role" in v)) exit
      slave = v["role"] == "slave"
      offset = slave ? v["slave_repl_offset"] : v["master_repl_offset"]
      percent = v["master_sync_total_bytes"] > 0 ? int(100 * v["master_sync_read_bytes"] / v["master_sync_total_bytes"]) : ""
      printf "role=%s link=%s syncing=%d loading=%d offset=%s percent=%s\n", slave ? "replica" : v["role"],
        slave ? v["master_link_status"] : "none", v["master_sync_in_progress"], v["loading"] + v["async_loading"], offset, percent
    }'
}
