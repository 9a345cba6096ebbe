import type { NodeState } from "../journal/events.ts";

/** `INFO` text → field → value. Section headers and blank lines are skipped; the last of a repeated field wins. */
export function parseInfo(info: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of info.split(/\r?\n/)) {
    if (line.startsWith("#")) continue;
    const colon = line.indexOf(":");
    if (colon > 0) fields.set(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
  }
  return fields;
}

/** A field as a number, or null when it is missing or not one. */
export function numberField(fields: Map<string, string>, name: string): number | null {
  const text = fields.get(name);
  if (text === undefined || text === "") return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}

/** `ip=172.18.0.3,port=6379,state=online` → its parts. */
function commaFields(text: string): Map<string, string> {
  const parts = new Map<string, string>();
  for (const part of text.split(",")) {
    const equals = part.indexOf("=");
    if (equals > 0) parts.set(part.slice(0, equals), part.slice(equals + 1));
  }
  return parts;
}

/** What INFO says in the words of Redis, which all systems share; what is missing is null. */
export function stateOf(fields: Map<string, string>): NodeState {
  const role = fields.get("role") ?? "";
  // In the middle of a chain Pika says "master&&slave": whoever has a master is a replica.
  const replica = /slave/.test(role);
  return {
    role: role === "master" ? "master" : replica ? "replica" : "unknown",
    version: null,
    link: !replica ? "none" : fields.get("master_link_status") === "up" ? "up" : "down",
    masterHost: fields.get("master_host") ?? null,
    masterPort: numberField(fields, "master_port"),
    syncing: fields.get("master_sync_in_progress") === "1",
    syncProgress: null,
    loading: fields.get("loading") === "1",
    offset: numberField(fields, replica ? "slave_repl_offset" : "master_repl_offset"),
    lastIoSeconds: replica ? numberField(fields, "master_last_io_seconds_ago") : null,
    replicas: replicasIn(fields).map((parts) => ({
      address: addressOf(parts),
      state: parts.get("state") ?? null,
      offset: numberField(parts, "offset"),
    })),
    commandsProcessed: numberField(fields, "total_commands_processed"),
    clients: numberField(fields, "connected_clients"),
    workers: null,
  };
}

/** The parts of `slave0:ip=172.18.0.3,port=6379,…`, `slave1:…` */
export function replicasIn(fields: Map<string, string>): Map<string, string>[] {
  return [...fields].filter(([key]) => /^slave\d+$/.test(key)).map(([, value]) => commaFields(value));
}

export function addressOf(replica: Map<string, string>): string {
  return `${replica.get("ip") ?? "?"}:${replica.get("port") ?? "?"}`;
}
