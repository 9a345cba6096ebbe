import { parseInfo } from "./info.ts";
import type { GossipMode, OpenSlot, RoleView, SlotView } from "./system.ts";

/**
 * Redis Cluster, and Valkey's. Commands and the format of CLUSTER NODES: the Redis 7.0 source (cluster.c); CLUSTER ADDSLOTSRANGE
 * came with 7.0.
 *
 *   <id> 172.21.255.254:6379@16379[,hostname] myself,master - <ping> <pong> <epoch> connected 0-5460 [93-<-<id>]
 *   <id> 172.21.255.251:6379@16379 slave <id of its master> <ping> <pong> <epoch> connected
 */
export const redisCluster: GossipMode = {
  // A peer's own socket address would be a proxy's.
  config: (host) => ({ "cluster-enabled": "yes", "cluster-announce-ip": host }),
  busOffset: 10_000,
  commands: {
    myId: () => ["CLUSTER", "MYID"],
    setEpoch: (epoch) => ["CLUSTER", "SET-CONFIG-EPOCH", String(epoch)],
    addSlots: ([first, last]) => ["CLUSTER", "ADDSLOTSRANGE", String(first), String(last)],
    meet: (host, port) => ["CLUSTER", "MEET", host, String(port)],
    replicate: (id) => ["CLUSTER", "REPLICATE", id],
    view: () => ["CLUSTER", "NODES"],
    whenEmpty: () => ["CONFIG", "GET", "cluster-allow-replica-migration"],
    health: () => ["CLUSTER", "INFO"],
    failover: (force) => ["CLUSTER", "FAILOVER", ...(force === null ? [] : [force.toUpperCase()])],
  },
  slots: {
    setSlot: (slot, what, id) => ["CLUSTER", "SETSLOT", String(slot), what.toUpperCase(), id],
    stable: (slot) => ["CLUSTER", "SETSLOT", String(slot), "STABLE"],
    keys: (slot, most) => ["CLUSTER", "GETKEYSINSLOT", String(slot), String(most)],
    migrate: ({ host, port }, keys, { within, replace, password }) => [
      ...["MIGRATE", host, String(port), "", "0", String(within)],
      ...(replace ? ["REPLACE"] : []),
      ...(password === undefined ? [] : ["AUTH", password]),
      ...["KEYS", ...keys],
    ],
  },
  slotView,
  view: clusterView,
  staysEmpty: (reply) => Array.isArray(reply) && String(reply[1]) === "no",
  health: (reply) => {
    const fields = parseInfo(reply);
    return { ok: fields.get("cluster_state") === "ok", nodes: Number(fields.get("cluster_known_nodes") ?? 0) };
  },
};

/** Who is master of what, in the text of CLUSTER NODES. */
export function clusterView(reply: string): RoleView {
  const lines = reply
    .split("\n")
    .map((line) => line.trim().split(" "))
    .filter((words) => words.length >= 8)
    .map(([id, address, flags, master, , , epoch, , ...slots]) => ({
      id: id as string,
      host: (address as string).split("@")[0]?.split(":").slice(0, -1).join(":") ?? "",
      flags: (flags as string).split(","),
      master: master as string,
      epoch: Number(epoch),
      // In brackets: on their way to another node.
      slots: slots.filter((one) => !one.startsWith("[")).map(range),
    }));
  const hosts = new Map(lines.map(({ id, host }) => [id, host]));
  const replicaOf: Record<string, string> = {};
  for (const { host, master } of lines) {
    const followed = hosts.get(master);
    if (followed !== undefined) replicaOf[host] = followed;
  }
  return {
    self: lines.find(({ flags }) => flags.includes("myself"))?.host ?? null,
    masters: lines
      .filter(({ flags, slots }) => flags.includes("master") && slots.length > 0)
      .map(({ host, epoch, slots }) => ({ host, epoch, slots })),
    replicaOf,
  };
}

/** Whose slots are, in the text of CLUSTER NODES, and which of the server's own are on their way. */
export function slotView(reply: string): SlotView {
  const lines = reply
    .split("\n")
    .map((line) => line.trim().split(" "))
    .filter((words) => words.length >= 8);
  const owners = lines.map(([id, , , , , , , , ...slots]) => ({
    id: id as string,
    slots: slots.filter((one) => !one.startsWith("[")).map(range),
  }));
  return { owners: owners.filter(({ slots }) => slots.length > 0), open: openSlots(reply) };
}

/** Behind its own slots a server names those that are on their way: "[93->-<id>]" leaves, "[77-<-<id>]" comes. */
function openSlots(reply: string): OpenSlot[] {
  const own = reply.split("\n").find((line) => line.includes("myself")) ?? "";
  return [...own.matchAll(/\[(\d+)-([<>])-([0-9a-f]+)\]/g)].map(([, slot, way, peer]) => ({
    slot: Number(slot),
    state: way === ">" ? "migrating" : "importing",
    peer: peer as string,
  }));
}

function range(text: string): [number, number] {
  const [first, last] = text.split("-").map(Number);
  return [first as number, last ?? (first as number)];
}
