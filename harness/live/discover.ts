import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { ChaosError, messageOf } from "../base/chaos-error.ts";
import type { NodeState } from "../journal/events.ts";
import type { SystemName } from "../journal/plan.ts";
import { RawConnection } from "../resp/connection.ts";
import type { Login } from "../resp/login.ts";
import type { Reply } from "../resp/reply.ts";
import { replyText } from "../resp/reply-text.ts";
import { parseInfo } from "../systems/info.ts";
import { systems } from "../systems/registry.ts";
import type { System } from "../systems/system.ts";

/*
 *   host:port ─► INFO ─┬─ sentinel ─► SENTINEL MASTERS, REPLICAS, SENTINELS ─► all of them
 *                      ├─ cluster  ─► CLUSTER NODES                         ─► all of them
 *                      └─ a master, or a replica: with `follow`, its replicas and its master
 */

/** How servers are reached. */
export interface Access extends Login {
  /** Of sentinels, where they have their own. */
  sentinelPassword?: string | undefined;
}

export interface Address {
  host: string;
  port: number;
}

/** A server that is there. */
export interface LiveServer extends Address {
  /** "10.0.0.7:6379" */
  name: string;
  kind: "server" | "sentinel";
  system: System;
  version: string | null;
  /** As its INFO told; of a sentinel nothing of replication. */
  state: NodeState;
  /** Of a cluster whose nodes share the key space. */
  sharded: boolean;
  /** How its replicas may name it, where that is not its address: "m1:6379". */
  inside?: string;
}

/** Every command that discovery and the watch send: none of them writes. docs/watch.md tells the same. */
export const READ_ONLY_COMMANDS: readonly string[] = [
  ...["AUTH", "PING", "GET", "INFO", "CONFIG GET", "CLIENT SETNAME"],
  ...["CLUSTER NODES", "SENTINEL MASTERS", "SENTINEL REPLICAS", "SENTINEL SENTINELS"],
];

/** Where passwords come from: a command line is everybody's to read. */
export const PASSWORD = "KVCHAOS_PASSWORD";
export const SENTINEL_PASSWORD = "KVCHAOS_SENTINEL_PASSWORD";

const ASK_WITHIN = 5_000;
/** More servers than that nobody watches from one place. */
const MOST_SERVERS = 200;

export const nameOf = ({ host, port }: Address): string =>
  host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;

/**
 * The servers at these addresses, and those of their Sentinel set or Cluster; one that does not answer is in `silent`.
 * @param follow also the masters and replicas that they name
 * @param alone these only, whoever they name
 * @throws ChaosError infrastructure: none of the given ones answers
 */
export async function discover(
  given: readonly Address[],
  access: Access,
  { follow, alone = false, signal }: { follow: boolean; alone?: boolean; signal: AbortSignal },
): Promise<{ servers: LiveServer[]; silent: { name: string; why: string }[] }> {
  const found = new Map<string, LiveServer>();
  const silent: { name: string; why: string }[] = [];
  const asked = new Set<string>();
  const queue = await Promise.all(given.map(resolved));
  for (let next = queue.shift(); next; next = queue.shift()) {
    const name = nameOf(next);
    if (asked.has(name)) continue;
    asked.add(name);
    if (asked.size > MOST_SERVERS)
      throw new ChaosError("usage", `there are more than ${MOST_SERVERS} servers to watch`);
    try {
      const { server, others } = await ask(next, access, { follow, signal });
      found.set(name, server);
      if (!alone) queue.push(...(await Promise.all(others.map(resolved))));
    } catch (error) {
      signal.throwIfAborted();
      silent.push({ name, why: messageOf(error) });
    }
  }
  if (found.size === 0) {
    const [first] = silent;
    throw new ChaosError("infrastructure", first ? first.why : "there is no server to watch", {
      hint: "Is it up? A password comes from KVCHAOS_PASSWORD or --password-file, an ACL user from --user, TLS from --tls.",
    });
  }
  return { servers: [...found.values()], silent };
}

/** "localhost" and "127.0.0.1" are one server: the address that servers themselves name is the number. */
export async function resolved({ host, port }: Address): Promise<Address> {
  if (isIP(host) !== 0) return { host, port };
  const address = await lookup(host, { family: 4 }).catch(() => lookup(host).catch(() => null));
  return { host: address?.address ?? host, port };
}

async function ask(
  address: Address,
  access: Access,
  { follow, signal }: { follow: boolean; signal: AbortSignal },
): Promise<{ server: LiveServer; others: Address[] }> {
  const first = await talk(address, access, access.password, signal, async (say) =>
    replyText(await say(["INFO"])),
  ).catch(async (error: unknown) => {
    // A sentinel may have a password of its own, or none.
    if (!(error instanceof ChaosError) || !/AUTH|WRONGPASS|NOAUTH|NOPERM/.test(error.message)) throw error;
    const own = access.sentinelPassword;
    return talk(address, { ...access, username: undefined }, own, signal, async (say) =>
      replyText(await say(["INFO"])),
    );
  });
  const fields = parseInfo(first);
  const mode = fields.get("redis_mode") ?? fields.get("server_mode") ?? "";
  const system = systemOf(fields);
  const sentinel = mode === "sentinel";
  const base = { ...address, name: nameOf(address), system, kind: sentinel ? "sentinel" : "server" } as const;
  const password = sentinel ? (access.sentinelPassword ?? access.password) : access.password;
  return talk(address, access, password, signal, async (say) => {
    const state = system.state(replyText(await say(system.commands.info())));
    const clustered = mode === "cluster" || fields.get("cluster_enabled") === "1";
    const sharded = !sentinel && clustered;
    const server: LiveServer = { ...base, state, version: state.version, sharded };
    const others = sentinel
      ? await sentinelPeers(say)
      : sharded
        ? clusterPeers(replyText(await say(["CLUSTER", "NODES"])))
        : follow
          ? replicationPeers(state)
          : [];
    return { server, others };
  });
}

type Say = (argv: readonly string[]) => Promise<Reply>;

async function talk<T>(
  address: Address,
  { username, tls }: Access,
  password: string | undefined,
  signal: AbortSignal,
  body: (say: Say) => Promise<T>,
): Promise<T> {
  const connection = await RawConnection.open({ ...address, username, password, tls, within: ASK_WITHIN, signal });
  try {
    return await body(async (argv) => {
      const answer = await connection.send(argv, { within: ASK_WITHIN });
      if (answer.outcome === "ok") return answer.reply;
      const said = "reply" in answer && answer.reply ? answer.reply.message : answer.error;
      throw new ChaosError("infrastructure", `${nameOf(address)} answered ${argv.join(" ")} with: ${said}`);
    });
  } finally {
    connection.close();
  }
}

function systemOf(fields: ReadonlyMap<string, string>): System {
  const name: SystemName = fields.has("kvrocks_version") ? "kvrocks" : fields.has("pika_version") ? "pika" : "redis";
  const system = systems.get(name);
  if (!system) throw new ChaosError("internal", `no system ${name}`);
  return system;
}

async function sentinelPeers(say: Say): Promise<Address[]> {
  const masters = rows(await say(["SENTINEL", "MASTERS"]));
  const all = [...masters];
  for (const { name } of masters) {
    if (name === undefined) continue;
    all.push(...rows(await say(["SENTINEL", "REPLICAS", name])), ...rows(await say(["SENTINEL", "SENTINELS", name])));
  }
  return all.flatMap(({ ip, port }) => (ip && Number(port) > 0 ? [{ host: ip, port: Number(port) }] : []));
}

/** Lists of flat lists of names and values. */
function rows(reply: Reply): Record<string, string>[] {
  if (!Array.isArray(reply)) return [];
  return reply.map((row) => {
    const words = Array.isArray(row) ? row.map((one) => replyText(one)) : [];
    return Object.fromEntries(words.flatMap((word, i) => (i % 2 === 0 ? [[word, words[i + 1] ?? ""]] : [])));
  });
}

function clusterPeers(text: string): Address[] {
  return text.split("\n").flatMap((line) => {
    const [, address = "", flags = ""] = line.trim().split(" ");
    const [, host = "", port = ""] = /^(.*):(\d+)(?:@|$|,)/.exec(address) ?? [];
    // Kvrocks names host and port apart: "<id> host port@port …" does not occur in CLUSTER NODES.
    return host === "" || flags.includes("noaddr") ? [] : [{ host, port: Number(port) }];
  });
}

function replicationPeers({ masterHost, masterPort, replicas }: NodeState): Address[] {
  const own = masterHost && masterPort ? [{ host: masterHost, port: masterPort }] : [];
  const others = replicas.flatMap(({ address }) => {
    const [, host = "", port = ""] = /^(.*):(\d+)$/.exec(address) ?? [];
    return host === "" || host === "?" ? [] : [{ host, port: Number(port) }];
  });
  return [...own, ...others];
}
