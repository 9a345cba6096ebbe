import { messageOf } from "../../base/chaos-error.ts";
import type { EventOf } from "../../journal/events.ts";
import { RawConnection } from "../../resp/connection.ts";
import type { Address } from "../cluster.ts";
import { compareBigKey, compareKey, type KeyResult } from "./compare-key.ts";
import { bytesOf, Pair, Side, scan, Unfinished } from "./pair.ts";
import { showBytes } from "./show-bytes.ts";

/*
 *   SCAN master ─► batch of keys ─► TYPE, PTTL, value on both, pipelined ─► differences
 *   SCAN replica ─► batch of keys ─► EXISTS on the master ────────────────► extra keys
 *
 * Memory holds one batch, whatever the datasets' size: small values of a batch at once, big ones alone and in chunks.
 * Only commands that Redis, Kvrocks and Pika share.
 */

export interface CompareOptions {
  master: Address;
  replica: Address;
  masterName: string;
  replicaName: string;
  password?: string | undefined;
  /** Cluster mode: a replica answers questions about its master's keys only to clients that said READONLY. */
  readOnly?: boolean;
  /** Milliseconds for everything. */
  within: number;
  signal: AbortSignal;
  /** Keys per SCAN (default 512). */
  batch?: number;
}

/** What the journal's `comparison` event holds. */
export type Comparison = Omit<EventOf<"comparison">, "t" | "type">;

/** The harness's own key, with a shard's tag in cluster mode, written by the watchdog's write probe meanwhile. */
const PROBE_KEY = /^(?:\{s\d+\})?kvchaos:probe$/;
const SHOWN = 20;
const MOST_REMEMBERED = 100_000;

/**
 * Compares database 0 of two servers, keys and values. Both should be at rest: what changes meanwhile may show as a
 * difference, so the caller asks again. A server that fails or takes too long gives `complete: false` and the reason.
 * Rejects only with the signal's reason.
 */
export async function compareDatasets(options: CompareOptions): Promise<Comparison> {
  const { master, replica, masterName, replicaName, password, within, signal, batch = 512 } = options;
  signal.throwIfAborted();
  const started = performance.now();
  const tally = new Tally();
  const open: RawConnection[] = [];
  const onAbort = () => open.forEach((connection) => void connection.close());
  signal.addEventListener("abort", onAbort);
  let why: string | null = null;
  try {
    const connect = async (name: string, address: Address) => {
      const connection = await RawConnection.open({
        host: address.host,
        port: address.port,
        password,
        within: Math.min(within, 5000),
        signal,
      });
      open.push(connection);
      const side = new Side(name, connection, started + within);
      if (options.readOnly) await side.call(["READONLY"]);
      return side;
    };
    const pair = new Pair(await connect(masterName, master), await connect(replicaName, replica));
    await compareMasterKeys(pair, tally, batch);
    await findExtraKeys(pair, tally, batch);
  } catch (error) {
    signal.throwIfAborted();
    const text = error instanceof Unfinished || error instanceof Error ? messageOf(error) : String(error);
    why = `${text} (after ${tally.masterKeys} keys of ${masterName} and ${tally.replicaKeys} of ${replicaName})`;
  } finally {
    signal.removeEventListener("abort", onAbort);
    onAbort();
  }
  why ??= tally.unknownTypes();
  return {
    master: masterName,
    replica: replicaName,
    complete: why === null,
    why,
    masterKeys: tally.masterKeys,
    replicaKeys: tally.replicaKeys,
    different: tally.different,
    differences: tally.differences,
    ms: Math.round(performance.now() - started),
  };
}

async function compareMasterKeys(pair: Pair, tally: Tally, batch: number): Promise<void> {
  for await (const keys of keysOf(pair.master, batch)) {
    const results = await Promise.all(keys.map((key) => compareKey(pair, key)));
    for (const [i, result] of results.entries()) {
      const key = keys[i] as Buffer;
      tally.add(key, result.kind === "big" ? await compareBigKey(pair, key, result.type) : result);
    }
    tally.masterKeys += keys.length;
  }
}

async function findExtraKeys(pair: Pair, tally: Tally, batch: number): Promise<void> {
  for await (const keys of keysOf(pair.replica, batch)) {
    const present = await Promise.all(keys.map((key) => pair.master.call(["EXISTS", key])));
    for (const [i, key] of keys.entries()) {
      if (Number(present[i]) > 0) continue;
      const result = await compareKey(pair, key);
      // It came to the master only now: whether the values agree is the next comparison's business.
      if (result.kind === "extra-on-replica") tally.add(key, result);
    }
    tally.replicaKeys += keys.length;
  }
}

/** Keys in batches, without our own and without those that SCAN repeats within or right after a batch. */
async function* keysOf(side: Side, batch: number): AsyncGenerator<Buffer[]> {
  let before = new Set<string>();
  for await (const items of scan(side, (cursor) => ["SCAN", cursor, "COUNT", batch])) {
    const keys = new Map<string, Buffer>();
    for (const item of items) {
      const key = bytesOf(item);
      const text = key.toString("latin1");
      if (!PROBE_KEY.test(text) && !before.has(text)) keys.set(text, key);
    }
    before = new Set(keys.keys());
    const all = [...keys.values()];
    // A server may return far more than COUNT says: keep what is in flight at once bounded.
    for (let at = 0; at < all.length; at += batch) yield all.slice(at, at + batch);
  }
}

class Tally {
  masterKeys = 0;
  replicaKeys = 0;
  different = 0;
  readonly differences: Comparison["differences"] = [];
  readonly #seen = new Set<string>();
  readonly #unknown = new Map<string, { count: number; first: string }>();

  add(key: Buffer, result: KeyResult): void {
    if (result.kind === "equal" || result.kind === "big") return;
    if (result.kind === "unknown-type") {
      const known = this.#unknown.get(result.type);
      if (known) known.count++;
      else this.#unknown.set(result.type, { count: 1, first: showBytes(key, 200) });
      return;
    }
    // SCAN may return a key twice; a difference counts once.
    const text = key.toString("latin1");
    if (this.#seen.has(text)) return;
    if (this.#seen.size < MOST_REMEMBERED) this.#seen.add(text);
    this.different++;
    const { kind, master, replica } = result;
    if (this.differences.length < SHOWN) this.differences.push({ key: showBytes(key, 200), kind, master, replica });
  }

  unknownTypes(): string | null {
    if (this.#unknown.size === 0) return null;
    const parts = [...this.#unknown].map(
      ([type, { count, first }]) => `${count} of type ${showBytes(Buffer.from(type), 40)} (first: ${first})`,
    );
    return `keys of types that cannot be compared: ${parts.join(", ")}`;
  }
}
