import { ChaosError } from "../base/chaos-error.ts";
import { type Mistake, mistakesError } from "../base/mistakes.ts";
import { counted } from "../base/units.ts";
import type { AttachFile } from "../experiment/attach/attach-file.ts";
import { RawConnection } from "../resp/connection.ts";
import { replyText } from "../resp/reply-text.ts";
import type { AttachedServer, AttachedServers } from "../run/attached/attached-servers.ts";
import { countOwn } from "../run/attached/keys.ts";
import { type Access, type Address, discover, type LiveServer, nameOf, resolved } from "./discover.ts";

const WITHIN = 5_000;
/** How a sentinel calls itself to the servers that it watches (sentinel.c, sentinelSetClientName). */
const SENTINEL = /\bname=sentinel-[0-9a-f]+-/;

type Asked = Omit<AttachedServers, "deletes">;

/**
 * Asks each server of the file what it is; nothing is written.
 * @throws ChaosError infrastructure: one does not answer; invalid-experiment: one is something else than the file says, somebody else rules
 * them, or keys of the file's prefix are there already
 */
export async function askAttached(file: AttachFile, access: Access, signal: AbortSignal): Promise<Asked> {
  const { source, prefix } = file;
  const found = new Map<string, LiveServer>();
  const mistakes: Mistake[] = [];
  for (const [name, { at, role }] of Object.entries(file.nodes)) {
    const { servers } = await discover([at], access, { follow: false, alone: true, signal });
    const [server] = servers;
    if (!server) throw new ChaosError("internal", `${name} is asked, and is not there`);
    found.set(name, server);
    const is = server.kind === "sentinel" ? "sentinel" : server.state.role;
    if (is !== role) mistakes.push(source.mistake(["nodes", name, "role"], `${nameOf(at)} is a ${is}, not a ${role}`));
    const of = (why: string): void => void mistakes.push(source.mistake(["nodes", name, "at"], `${nameOf(at)} ${why}`));
    if (server.sharded) of("has slots: a cluster cannot be attached to so far");
    const [first] = found.values();
    if (first && first.system.name !== server.system.name)
      of(`is a ${server.system.name}, and the one before is a ${first.system.name}`);
  }
  if (mistakes.length > 0) throw mistakesError(mistakes);
  const servers = new Map<string, AttachedServer>();
  for (const [name, { host, port, system, version, state }] of found) {
    const { inside, role, pid, container } = file.nodes[name] as AttachFile["nodes"][string];
    const at = { host, port };
    servers.set(name, {
      ...{ at, inside: inside ? await resolved(inside) : at, role, system, version, state },
      ...{ pid, container },
    });
  }
  const replicaOf = await followedBy(file, servers, mistakes);
  for (const [name, server] of servers) {
    if (server.role !== "master") continue;
    const of = (why: string): void =>
      void mistakes.push(source.mistake(["nodes", name, "at"], `${nameOf(server.at)} ${why}`));
    const own = Object.values(replicaOf).filter((master) => master === name).length;
    const { replicas } = server.state;
    if (replicas.length > own) of(`has ${counted(replicas.length, "replica")}, and the file names ${own}: name all`);
    if (await isWatched(server.at, access)) of("is watched by sentinels: their set cannot be attached to so far");
    const keys = await countOwn({ name, ...server }, prefix, access, signal);
    if (keys > 0) of(`has ${counted(keys, "key")} that begin with "${prefix}" already: choose another \`prefix\``);
  }
  if (mistakes.length > 0) throw mistakesError(mistakes);
  const masters = [...servers].flatMap(([name, { role }]) => (role === "master" ? [name] : []));
  return { servers, topology: { masters, replicaOf }, prefix, login: access };
}

/** Whom each replica follows, by the file's names. */
async function followedBy(
  { source }: AttachFile,
  servers: ReadonlyMap<string, AttachedServer>,
  mistakes: Mistake[],
): Promise<Record<string, string>> {
  const replicaOf: Record<string, string> = {};
  for (const [name, { role, state }] of servers) {
    const { masterHost: host, masterPort: port } = state;
    if (role !== "replica" || host === null || port === null) continue;
    const followed = { host, port };
    const address = await resolved(followed);
    const is = ({ at, inside }: AttachedServer): boolean => [at, inside].some((one) => isSame(one, address));
    const master = [...servers].find(([other, server]) => other !== name && is(server))?.[0];
    if (master !== undefined) replicaOf[name] = master;
    else {
      const why = `${name} replicates from ${nameOf(followed)}, which is no node of this file`;
      mistakes.push(
        source.keyMistake(["nodes", name], why, "where servers know each other by other addresses, say `inside`"),
      );
    }
  }
  return replicaOf;
}

const isSame = (a: Address, b: Address): boolean => a.host === b.host && a.port === b.port;

/** Do sentinels talk to it? One that does not tell its clients is taken not to have any. */
async function isWatched(at: Address, access: Access): Promise<boolean> {
  const connection = await RawConnection.open({ ...at, ...access, within: WITHIN });
  try {
    const answer = await connection.send(["CLIENT", "LIST"], { within: WITHIN });
    return answer.outcome === "ok" && SENTINEL.test(replyText(answer.reply));
  } finally {
    connection.close();
  }
}
