import { ChaosError, messageOf } from "../../base/chaos-error.ts";
import type { Address } from "../../cluster/cluster.ts";
import { RawConnection } from "../../resp/connection.ts";
import type { Login } from "../../resp/login.ts";
import type { Reply } from "../../resp/reply.ts";
import { replyText } from "../../resp/reply-text.ts";
import type { System } from "../../systems/system.ts";

const WITHIN = 5_000;
const PER_SCAN = "1000";

type Say = (argv: readonly (string | Buffer)[]) => Promise<Reply>;

/** A server whose keys are looked at; `name` is for messages. */
export interface Keeper {
  name: string;
  at: Address;
  system: Pick<System, "name">;
}

/**
 * What FLUSHALL would delete that is not ours, in words; null: nothing. What cannot be seen counts as somebody's.
 * @param prefix what our keys begin with
 */
export async function foreignKeys({ name, at, system }: Keeper, prefix: string, login: Login): Promise<string | null> {
  if (system.name !== "redis")
    return `${name}: whose keys ${system.name} has elsewhere than in its first key space cannot be seen`;
  try {
    return await talk(at, login, async (say) => {
      const other = /^db([1-9]\d*):keys=([1-9]\d*)/m.exec(replyText(await say(["INFO", "keyspace"])));
      if (other) return `${name} has ${other[2]} keys in database ${other[1]}`;
      for await (const keys of pages(say, [])) {
        if (keys.some((key) => !key.toString("latin1").startsWith(prefix)))
          return `${name} has keys that do not begin with "${prefix}"`;
      }
      return null;
    });
  } catch (error) {
    return `${name}: whose keys are there could not be seen: ${messageOf(error)}`;
  }
}

/** How many keys of a server begin with the prefix. Rejects where that cannot be seen. */
export function countOwn({ at }: Keeper, prefix: string, login: Login, signal?: AbortSignal): Promise<number> {
  return talk(at, login, async (say) => {
    let count = 0;
    for await (const keys of pages(say, ["MATCH", `${prefix}*`])) {
      signal?.throwIfAborted();
      count += keys.length;
    }
    return count;
  });
}

/** Deletes the keys of a server that begin with the prefix, and no others. @returns how many were there */
export function removeOwn({ at }: Keeper, prefix: string, login: Login, signal: AbortSignal): Promise<number> {
  return talk(at, login, async (say) => {
    let count = 0;
    for await (const keys of pages(say, ["MATCH", `${prefix}*`])) {
      signal.throwIfAborted();
      // The server has matched them: that is not taken on trust where something is deleted.
      const own = keys.filter((key) => key.toString("latin1").startsWith(prefix));
      if (own.length > 0) count += Number(await say(["DEL", ...own]));
    }
    return count;
  });
}

async function* pages(say: Say, options: readonly string[]): AsyncGenerator<Buffer[]> {
  for (let cursor = "0"; ; ) {
    const reply = await say(["SCAN", cursor, ...options, "COUNT", PER_SCAN]);
    const [next, keys] = Array.isArray(reply) ? reply : [];
    if (!Array.isArray(keys)) throw new ChaosError("infrastructure", "SCAN was answered with something else than keys");
    yield keys.map((key) => (Buffer.isBuffer(key) ? key : Buffer.from(replyText(key))));
    cursor = replyText(next ?? "0");
    if (cursor === "0") return;
  }
}

async function talk<T>(at: Address, login: Login, body: (say: Say) => Promise<T>): Promise<T> {
  const connection = await RawConnection.open({ ...at, ...login, within: WITHIN });
  try {
    return await body(async (argv) => {
      const answer = await connection.send(argv, { within: WITHIN });
      if (answer.outcome === "ok") return answer.reply;
      throw new ChaosError("infrastructure", `${argv[0]} was not answered: ${answer.error}`);
    });
  } finally {
    connection.close();
  }
}
