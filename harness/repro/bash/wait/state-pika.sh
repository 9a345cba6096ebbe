# state NODE: one line about its role and replication from its INFO; nothing when it does not answer.
state() {
  cli "$1" INFO REPLICATION | tr -d '\r' | awk -F: '
    { v[$1] = $2; for (i = 3; i <= NF; i++) v[$1] = v[$1] ":" $i }
    /binlog_offset=/ { split(substr($0, index($0, "=") + 1), o, /[ ,]/); offset += o[1] * 2147483648 + o[2] }
    END {
      if (!("role" in v)) exit
      slave = v["role"] ~ /slave/
      printf "role=%s link=%s syncing=%d loading=0 offset=%.0f percent=\n", slave ? "replica" : v["role"],
        slave ? (v["master_link_status"] == "up" ? "up" : "down") : "none", v["db_repl_state"] ~ /WaitDBSync|TryDBSync/, offset
    }'
}
