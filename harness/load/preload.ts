import { setMaxListeners } from "node:events";
import { ChaosError, messageOf } from "../base/chaos-error.ts";
import { withDeadline } from "../base/deadline.ts";
import { type Random, seededRandom } from "../base/random.ts";
import type { Range } from "../base/units.ts";
import type { Emit } from "../journal/events.ts";
import { type KeySpace, keySpacesOf } from "../journal/loads/key-space.ts";
import type { PreloadSpec } from "../journal/plan.ts";
import { RawConnection } from "../resp/connection.ts";
import type { Login } from "../resp/login.ts";
import type { LoadTarget } from "./load.ts";
import { OFFSETS, randomText } from "./workloads/keys-and-values.ts";

const CONNECTIONS = 4;
/** One round: commands sent before their replies are awaited. */
const ROUND_COMMANDS = 128;
const ROUND_BYTES = 1024 * 1024;
/** Elements of a list, set, sorted set or hash; together they are about as big as one string. */
const ELEMENTS = 8;

interface PreloadOptions {
  spec: PreloadSpec;
  /** The masters. Each gets all keys, with values of its own: mixed-up data shows. */
  targets: readonly LoadTarget[];
  seed: string;
  emit: Emit;
  login?: Login | undefined;
  /** Each gets the keys, with values of its own. Default: the first. */
  keySpaces?: readonly KeySpace[] | undefined;
  /** Before the keys of a target: in cluster mode hash tags of its shard, in turn. */
  tags?: ((node: string) => readonly string[]) | undefined;
  signal: AbortSignal;
  /** Milliseconds for everything. */
  within: number;
}

/**
 * Writes keys "preload:<type>:<n>", some of which expire, and checks every reply. Same seed and target names, same data.
 * Returns how many keys were written, all targets together.
 * Rejects with ChaosError: `timeout`, or `infrastructure` naming node and command.
 */
export async function preload(options: PreloadOptions): Promise<{ keys: number }> {
  const { spec, targets, keySpaces = keySpacesOf({}), seed, emit, signal, within } = options;
  const started = performance.now();
  await withDeadline({ what: "writing the preload", within, signal }, async (inner) => {
    const first = new AbortController();
    const any = AbortSignal.any([inner, first.signal]);
    // Every lane to every master listens to it.
    setMaxListeners(0, any);
    const lanes = targets.flatMap((target) => {
      return keySpaces.flatMap((space, i) => {
        const random = seededRandom(seed).fork(`preload/${target.node}${i === 0 ? "" : `/${i}`}`);
        return Array.from({ length: CONNECTIONS }, (_, lane) => fill({ ...target, space }, lane, random, options, any));
      });
    });
    // The first mistake ends the others too, and nothing goes on writing behind the caller's back.
    for (const lane of lanes) lane.catch((error) => first.abort(error));
    await Promise.allSettled(lanes);
    first.signal.throwIfAborted();
  });
  const keys = spec.keys * targets.length * keySpaces.length;
  const each = keySpaces.length === 1 ? "" : `, in ${keySpaces.map(({ name }) => name).join(", ")} each`;
  const where = `${targets.map(({ node }) => node).join(", ")}${each}`;
  const ms = Math.round(performance.now() - started);
  emit({
    type: "note",
    about: "preload",
    text: `${spec.keys} keys (${spec.types.join(", ")}) on ${where} in ${ms} ms`,
  });
  return { keys };
}

/** Writes every CONNECTIONS-th key, from number `lane` on, over one connection. */
async function fill(
  target: LoadTarget & { space: KeySpace },
  lane: number,
  random: Random,
  { spec, login, within, tags }: PreloadOptions,
  signal: AbortSignal,
): Promise<void> {
  const { host, port, node, space } = target;
  const connection = await RawConnection.open({ host, port, ...login, space, within, signal });
  // The caller's deadline and signal end this one too: whatever is in flight then settles at once.
  const end = () => connection.close();
  signal.addEventListener("abort", end, { once: true });
  try {
    const lives = random.fork(`${lane}/lives`);
    const command = commands(spec, random.fork(`${lane}`), tags?.(node) ?? [""]);
    for (let key = lane; key < spec.keys; ) {
      const round: Promise<void>[] = [];
      for (let bytes = 0; key < spec.keys && round.length < ROUND_COMMANDS && bytes < ROUND_BYTES; key += CONNECTIONS) {
        const argv = command(key);
        bytes += argv.reduce((sum, arg) => sum + arg.length, 0);
        round.push(write(connection, argv, node, within));
        const life = spec.ttl && lifeOf(spec.ttl, lives);
        if (life) round.push(write(connection, ["PEXPIRE", argv[1] as string, `${life}`], node, within));
      }
      await Promise.all(round);
    }
  } finally {
    signal.removeEventListener("abort", end);
    connection.close();
  }
}

async function write(connection: RawConnection, argv: string[], node: string, within: number): Promise<void> {
  const outcome = await connection.send(argv, { within });
  if (outcome.outcome === "ok") return;
  const why = outcome.outcome === "fail" && outcome.reply ? messageOf(outcome.reply.message) : outcome.error;
  throw new ChaosError("infrastructure", `preload: ${argv[0]} ${argv[1]} on ${node} failed: ${why}`, {
    hint: "The dataset must be complete before the chaos begins; look at the node's log.",
  });
}

/** How long a key is to live, ms; null: for ever. */
function lifeOf({ of, share }: NonNullable<PreloadSpec["ttl"]>, random: Random): number | null {
  return random.next() < share ? random.int(of.min, of.max) : null;
}

/** Key number n. @param tags the hash tags of its shard in cluster mode, each of which gets keys of all types; otherwise [""] */
export function preloadKey({ types }: Pick<PreloadSpec, "types">, tags: readonly string[], n: number): string {
  return `${tags[Math.floor(n / types.length) % tags.length]}preload:${types[n % types.length]}:${n}`;
}

/** Makes the command that writes key number n. HMSET, because HSET of several fields is unknown to older servers. */
function commands(spec: PreloadSpec, random: Random, tags: readonly string[]): (n: number) => string[] {
  const whole = texts(spec.value, random);
  const share = (bytes: number) => Math.max(1, Math.round(bytes / ELEMENTS));
  const part = texts({ min: share(spec.value.min), max: share(spec.value.max) }, random);
  const numbers = Array.from({ length: ELEMENTS }, (_, i) => i);
  return (n) => {
    const type = spec.types[n % spec.types.length] as PreloadSpec["types"][number];
    const key = preloadKey(spec, tags, n);
    switch (type) {
      case "string":
        return ["SET", key, whole()];
      case "list":
        return ["RPUSH", key, ...numbers.map(part)];
      case "set":
        return ["SADD", key, ...numbers.map((i) => `${i}:${part()}`)];
      case "zset":
        return ["ZADD", key, ...numbers.flatMap((i) => [`${random.int(0, 1_000_000)}`, `${i}:${part()}`])];
      case "hash":
        return ["HMSET", key, ...numbers.flatMap((i) => [`field:${i}`, part()])];
    }
  };
}

/** Printable texts of a length within the range, each a slice of one. */
function texts(size: Range, random: Random): () => string {
  const flat = randomText(size.max, random);
  return () => {
    const from = Math.floor(random.next() * OFFSETS);
    return flat.slice(from, from + random.int(size.min, size.max));
  };
}
