import type { NodeState } from "../journal/events.ts";
import { commaFields, numberField, parseInfo } from "./info.ts";

/**
 * A binlog file holds at most 1 GiB and the record that overruns it (pika_conf.cc): ten digits for the offset keep files apart,
 * and a reader can tell both: 30000001234 is offset 1234 of file 3.
 */
const PER_FILE = 10 ** 10;
/** `db0 binlog_offset=0 1234,…` up to 3.5.3, `db0:binlog_offset=0 1234,…` since (pika_admin.cc, InfoReplication). */
const OFFSET = /^(db\d+)[ :]binlog_offset=(\d+) (\d+)/gm;
/** States of a replica's database while it waits for, or copies, its master's checkpoint. */
const COPYING = /WaitDBSync|TryDBSync/;

/** Reads INFO REPLICATION, and of INFO SERVER the version; 3.5.2 to 3.5.5. Never throws: what is missing is null. */
export function pikaState(info: string): NodeState {
  const fields = parseInfo(info);
  const role = fields.get("role");
  // "(db0:WaitDBSync)"; missing while every database is connected.
  const waiting = fields.get("db_repl_state");
  // In the middle of a chain the role is "master&&slave": whoever has a master is a replica.
  const replica = role !== undefined && /slave/.test(role);
  return {
    role: role === "master" ? "master" : replica ? "replica" : "unknown",
    version: fields.get("pika_version") ?? null,
    link: !replica ? "none" : fields.get("master_link_status") === "up" ? "up" : "down",
    ...(replica && waiting !== undefined ? { linkDetail: waiting } : {}),
    masterHost: fields.get("master_host") ?? null,
    masterPort: numberField(fields, "master_port"),
    syncing: replica && waiting !== undefined && COPYING.test(waiting),
    syncProgress: null,
    loading: false,
    offset: offsetOf(info),
    lastIoSeconds: null,
    replicas: [...fields].filter(([key]) => /^slave\d+$/.test(key)).map(([, value]) => replicaOf(value)),
    commandsProcessed: numberField(fields, "total_commands_processed"),
    clients: numberField(fields, "connected_clients"),
    workers: null,
  };
}

/** File number and offset of all databases as one number that only grows: the last ten digits are the offset. */
function offsetOf(info: string): number | null {
  const all = [...info.matchAll(OFFSET)].map(([, , file, offset]) => Number(file) * PER_FILE + Number(offset));
  return all.length === 0 ? null : all.reduce((sum, one) => sum + one);
}

/** `ip=172.18.0.5,port=9221,conn_fd=73,lag=(db0:0)`: the lag in bytes, or "not syncing", per database. */
function replicaOf(line: string): NodeState["replicas"][number] {
  const parts = commaFields(line);
  const lag = parts.get("lag");
  return {
    address: `${parts.get("ip") ?? "?"}:${parts.get("port") ?? "?"}`,
    state: lag ? `lag ${lag}` : null,
    offset: null,
  };
}
