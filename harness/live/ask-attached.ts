import { ChaosError, messageOf } from "../base/chaos-error.ts";
import { type Mistake, mistakesError } from "../base/mistakes.ts";
import type { AttachFile } from "../experiment/attach/attach-file.ts";
import { RawConnection } from "../resp/connection.ts";
import { replyText } from "../resp/reply-text.ts";
import { type Access, type Address, discover, type LiveServer, nameOf } from "./discover.ts";

const WITHIN = 5_000;
const PER_SCAN = "1000";

/**
 * Asks each server of the file what it is; nothing is written.
 * @throws ChaosError infrastructure: one does not answer; invalid-experiment: one is something else than the file says
 */
export async function askAttached(
  { nodes, source }: AttachFile,
  access: Access,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, LiveServer>> {
  const found = new Map<string, LiveServer>();
  const mistakes: Mistake[] = [];
  for (const [name, { at, role }] of Object.entries(nodes)) {
    const { servers } = await discover([at], access, { follow: false, alone: true, signal });
    const [server] = servers;
    if (!server) throw new ChaosError("internal", `${name} is asked, and is not there`);
    found.set(name, server);
    const is = server.kind === "sentinel" ? "sentinel" : server.state.role;
    if (is !== role) mistakes.push(source.mistake(["nodes", name, "role"], `${nameOf(at)} is a ${is}, not a ${role}`));
    if (server.sharded)
      mistakes.push(
        source.mistake(["nodes", name, "at"], `${nameOf(at)} has slots: a cluster cannot be attached to so far`),
      );
  }
  if (mistakes.length > 0) throw mistakesError(mistakes);
  return found;
}

/**
 * What FLUSHALL would delete that is not ours, in words; null: nothing. What cannot be seen counts as somebody's.
 * @param prefix what our keys begin with
 */
export async function foreignKeys(server: LiveServer, prefix: string, access: Access): Promise<string | null> {
  const { name, system } = server;
  if (system.name !== "redis")
    return `${name}: whose keys ${system.name} has elsewhere than in its first key space cannot be seen`;
  try {
    return await scan(server, prefix, access);
  } catch (error) {
    return `${name}: whose keys are there could not be seen: ${messageOf(error)}`;
  }
}

async function scan(server: LiveServer & Address, prefix: string, access: Access): Promise<string | null> {
  const { host, port, name } = server;
  const { username, password, tls } = access;
  const connection = await RawConnection.open({ host, port, username, password, tls, within: WITHIN });
  const say = async (argv: readonly string[]) => {
    const answer = await connection.send(argv, { within: WITHIN });
    if (answer.outcome !== "ok") throw new ChaosError("infrastructure", `${argv[0]} was not answered: ${answer.error}`);
    return answer.reply;
  };
  try {
    const space = replyText(await say(["INFO", "keyspace"]));
    const other = /^db([1-9]\d*):keys=([1-9]\d*)/m.exec(space);
    if (other) return `${name} has ${other[2]} keys in database ${other[1]}`;
    for (let cursor = "0"; ; ) {
      const reply = await say(["SCAN", cursor, "COUNT", PER_SCAN]);
      const [next, keys] = Array.isArray(reply) ? reply : [];
      const foreign = (Array.isArray(keys) ? keys : []).find((key) => !replyText(key).startsWith(prefix));
      if (foreign !== undefined) return `${name} has keys that do not begin with "${prefix}"`;
      cursor = replyText(next ?? "0");
      if (cursor === "0") return null;
    }
  } finally {
    connection.close();
  }
}
