import type { NodeState } from "../journal/events.ts";
import { addressOf, parseInfo, replicasIn, stateOf } from "./info.ts";

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
  const state = stateOf(fields);
  // "(db0:WaitDBSync)"; missing while every database is connected.
  const waiting = state.role === "replica" ? fields.get("db_repl_state") : undefined;
  return {
    ...state,
    version: fields.get("pika_version") ?? null,
    ...(waiting === undefined ? {} : { linkDetail: waiting }),
    syncing: waiting !== undefined && COPYING.test(waiting),
    loading: false,
    offset: offsetOf(info),
    lastIoSeconds: null,
    replicas: replicasIn(fields).map(replicaOf),
  };
}

/** File number and offset of all databases as one number that only grows: the last ten digits are the offset. */
function offsetOf(info: string): number | null {
  const all = [...info.matchAll(OFFSET)].map(([, , file, offset]) => Number(file) * PER_FILE + Number(offset));
  return all.length === 0 ? null : all.reduce((sum, one) => sum + one);
}

/** `ip=172.18.0.5,port=9221,conn_fd=73,lag=(db0:0)`: the lag in bytes, or "not syncing", per database. */
function replicaOf(parts: Map<string, string>): NodeState["replicas"][number] {
  const lag = parts.get("lag");
  return { address: addressOf(parts), state: lag ? `lag ${lag}` : null, offset: null };
}
