import { messageOf } from "../../base/chaos-error.ts";
import { showBytes } from "../../base/show-bytes.ts";
import type { EventOf } from "../../journal/events.ts";
import { type KeySpace, keySpacesOf } from "../../journal/loads/key-space.ts";
import { RawConnection } from "../../resp/connection.ts";
import { entry } from "../../resp/greetings.ts";
import type { Login } from "../../resp/login.ts";
import type { Address } from "../cluster.ts";
import type { RunningCluster } from "../running-cluster.ts";
import type { KeyResult } from "./compare-key.ts";
import { compareKeys, Patience } from "./compare-keys.ts";
import { bytesOf, ComparedServer, ServerPair, scanPage, UnexpectedReply } from "./server-pair.ts";

/*
 *   SCAN master ─► batch of keys ─► TYPE, PTTL, value on both, pipelined ─► differences
 *   SCAN replica ─► batch of keys ─► EXISTS on the master ────────────────► extra keys
 *
 * Memory holds one batch, whatever the datasets' size: small values of a batch at once, big ones alone and in chunks. A key that
 * seems to differ, or of which an answer is unexpected, is looked at again (compare-keys.ts): it may have expired in between.
 * Only commands that Redis, Kvrocks and Pika share.
 */

export interface CompareOptions {
  master: Address;
  replica: Address;
  masterName: string;
  replicaName: string;
  login?: Login | undefined;
  /** Cluster mode: a replica answers questions about its master's keys only to clients that said READONLY. */
  readOnly?: boolean;
  /** Cluster mode: a server that redirects questions about keys of these slots is right to do so. */
  movedSlots?: readonly number[];
  /** Those that are compared, the first one first. Default: only that. */
  keySpaces?: readonly KeySpace[];
  /** Only keys that begin so, without any sign that SCAN's MATCH knows; default: all. */
  ownKeys?: string | undefined;
  /** Milliseconds for everything. */
  within: number;
  signal: AbortSignal;
  /** Keys per SCAN (default 512). */
  batch?: number;
}

/** How keys are listed. */
interface Paging {
  batch: number;
  /** What SCAN is told beside. */
  only: readonly string[];
  patience: Patience;
}

/** What the journal's `comparison` event holds. */
export type Comparison = Omit<EventOf<"comparison">, "t" | "type">;

/** The harness's own key, with a shard's tag in cluster mode or behind a prefix, written by the watchdog's write probe meanwhile. */
const PROBE_KEY = /^(?:\{s\d+\}|[\w.-]+:)?kvchaos:probe$/;
/** What a look at a key says that the master does not have, or does not tell. */
const ABSENT: readonly KeyResult["kind"][] = ["extra-on-replica", "unexpected", "moved"];
const SHOWN = 20;
const MOST_REMEMBERED = 100_000;
/** Of one call of SCAN that gets unexpected answers. */
const MOST_TRIES = 4;
const RETRY_MS = 100;

/**
 * Compares what two servers have, keys and values. Both should be at rest: what is written meanwhile may show as a
 * difference, so the caller asks again. A server that falls silent, hangs up or takes too long gives `complete: false` and the
 * reason; so do single keys that cannot be compared, when all others have been.
 * Rejects only with the signal's reason.
 */
export async function compareDatasets(options: CompareOptions): Promise<Comparison> {
  const { master, replica, masterName, replicaName, login, within, signal, batch = 512, ownKeys = "" } = options;
  signal.throwIfAborted();
  const started = performance.now();
  const tally = new ComparisonTally(options.movedSlots ?? []);
  const open: RawConnection[] = [];
  const onAbort = () => open.forEach((connection) => void connection.close());
  signal.addEventListener("abort", onAbort);
  let why: string | null = null;
  try {
    const connect = async (name: string, address: Address) => {
      const connection = await RawConnection.open({
        host: address.host,
        port: address.port,
        ...login,
        within: Math.min(within, 5000),
        signal,
      });
      open.push(connection);
      const side = new ComparedServer(name, connection, started + within);
      if (options.readOnly) await side.call(["READONLY"]);
      return side;
    };
    const pair = new ServerPair(await connect(masterName, master), await connect(replicaName, replica));
    const patience = new Patience(signal);
    const { keySpaces = keySpacesOf({}) } = options;
    for (const [i, space] of keySpaces.entries()) {
      for (const argv of entry(space)) await pair.both(argv);
      tally.prefix = i === 0 ? "" : space.name;
      const pages: Paging = { batch, only: ownKeys === "" ? [] : ["MATCH", `${ownKeys}*`], patience };
      await compareMasterKeys(pair, tally, pages);
      await findExtraKeys(pair, tally, pages);
    }
  } catch (error) {
    signal.throwIfAborted();
    why = `${messageOf(error)} (after ${tally.masterKeys} keys of ${masterName} and ${tally.replicaKeys} of ${replicaName})`;
  } finally {
    signal.removeEventListener("abort", onAbort);
    onAbort();
  }
  const atTheEnd = why === null;
  why ??= tally.notComparable();
  return {
    master: masterName,
    replica: replicaName,
    complete: why === null,
    why,
    masterKeys: tally.masterKeys,
    replicaKeys: tally.replicaKeys,
    different: tally.different,
    differences: tally.differences,
    ...(atTheEnd && why !== null ? { notComparable: tally.leftOut } : {}),
    ...(tally.moved > 0 ? { moved: tally.moved } : {}),
    ms: Math.round(performance.now() - started),
  };
}

/** Compares a replica's data with its master's, both read directly. Rejects only with the signal's reason. */
export function compareNodes(
  cluster: RunningCluster,
  master: string,
  replica: string,
  limits: { within: number; signal: AbortSignal },
): Promise<Comparison> {
  return compareDatasets({
    master: cluster.node(master).direct,
    replica: cluster.node(replica).direct,
    masterName: master,
    replicaName: replica,
    login: cluster.login,
    readOnly: cluster.sharded,
    movedSlots: cluster.shards?.movedSlots ?? [],
    keySpaces: cluster.keySpaces,
    ownKeys: cluster.ownKeys,
    ...limits,
  });
}

async function compareMasterKeys(pair: ServerPair, tally: ComparisonTally, pages: Paging): Promise<void> {
  for await (const keys of keysOf(pair.master, pages)) {
    const results = await compareKeys(pair, keys, pages.patience);
    for (const [i, result] of results.entries()) tally.add(keys[i] as Buffer, result);
    tally.masterKeys += keys.length;
  }
}

async function findExtraKeys(pair: ServerPair, tally: ComparisonTally, pages: Paging): Promise<void> {
  for await (const keys of keysOf(pair.replica, pages)) {
    const missing = await missingOn(pair.master, keys);
    const results = await compareKeys(pair, missing, pages.patience);
    for (const [i, result] of results.entries()) {
      // Any other came to the master only now: whether the values agree is the next comparison's business.
      if (ABSENT.includes(result.kind)) tally.add(missing[i] as Buffer, result);
    }
    tally.replicaKeys += keys.length;
  }
}

/** Those that are not known to be there. */
async function missingOn(side: ComparedServer, keys: readonly Buffer[]): Promise<Buffer[]> {
  const there = await Promise.all(
    keys.map(async (key) => {
      return side.call(["EXISTS", key]).catch((error: unknown) => {
        if (error instanceof UnexpectedReply) return 0;
        throw error;
      });
    }),
  );
  return keys.filter((_, i) => !(Number(there[i]) > 0));
}

/** Keys in batches, without our own and without those that SCAN repeats within or right after a batch. */
async function* keysOf(side: ComparedServer, pages: Paging): AsyncGenerator<Buffer[]> {
  const { batch } = pages;
  let before = new Set<string>();
  let cursor = "0";
  do {
    const page = await pageOf(side, cursor, pages);
    cursor = page.next;
    const keys = new Map<string, Buffer>();
    for (const key of page.keys) {
      const text = key.toString("latin1");
      if (!PROBE_KEY.test(text) && !before.has(text)) keys.set(text, key);
    }
    before = new Set(keys.keys());
    const all = [...keys.values()];
    // A server may return far more than COUNT says: keep what is in flight at once bounded.
    for (let at = 0; at < all.length; at += batch) yield all.slice(at, at + batch);
  } while (cursor !== "0");
}

/** A cursor may be used again: an unexpected answer is asked for once more before it ends everything. */
async function pageOf(side: ComparedServer, cursor: string, { batch, only, patience }: Paging) {
  for (let tries = 1; ; tries++) {
    try {
      const { next, items } = await scanPage(side, ["SCAN", cursor, ...only, "COUNT", batch]);
      return { next, keys: items.map(bytesOf) };
    } catch (error) {
      if (!(error instanceof UnexpectedReply) || tries === MOST_TRIES) throw error;
      await patience.pause(RETRY_MS);
    }
  }
}

class ComparisonTally {
  /** Whose keys are added; "": the first's. */
  prefix = "";
  masterKeys = 0;
  replicaKeys = 0;
  different = 0;
  readonly differences: Comparison["differences"] = [];
  readonly #seen = new Set<string>();
  readonly #unknown = new Map<string, { count: number; first: string }>();
  readonly #movedSlots: ReadonlySet<number>;
  #unexpected = { count: 0, first: "" };
  /** Keys whose slot has another master by the experiment's own command. */
  moved = 0;

  constructor(movedSlots: readonly number[]) {
    this.#movedSlots = new Set(movedSlots);
  }

  add(key: Buffer, result: KeyResult): void {
    if (result.kind === "equal") return;
    if (result.kind === "unknown-type") {
      const known = this.#unknown.get(result.type);
      if (known) known.count++;
      else this.#unknown.set(result.type, { count: 1, first: showBytes(key, 200) });
      return;
    }
    // SCAN may return a key twice; a difference counts once.
    const text = `${this.prefix} ${key.toString("latin1")}`;
    if (this.#seen.has(text)) return;
    if (this.#seen.size < MOST_REMEMBERED) this.#seen.add(text);
    if (result.kind === "moved" && this.#movedSlots.has(result.slot)) {
      this.moved++;
      return;
    }
    if (result.kind === "unexpected" || result.kind === "moved") {
      this.#unexpected.first ||= `${showBytes(key, 200)}: ${result.why}`;
      this.#unexpected.count++;
      return;
    }
    this.different++;
    const { kind, master, replica } = result;
    const shown = this.#shown(key);
    if (this.differences.length < SHOWN) this.differences.push({ key: shown, kind, master, replica });
  }

  /** A load's key says by itself where it is. */
  #shown(key: Buffer): string {
    const shown = showBytes(key, 200);
    return this.prefix === "" || shown.startsWith(`${this.prefix}:`) ? shown : `${this.prefix} ${shown}`;
  }

  /** How many keys could not be compared. */
  get leftOut(): number {
    return [...this.#unknown.values()].reduce((sum, { count }) => sum + count, this.#unexpected.count);
  }

  /** Those keys in words; null: there are none. */
  notComparable(): string | null {
    const types = [...this.#unknown].map(
      ([type, { count, first }]) => `${count} of type ${showBytes(Buffer.from(type), 40)} (first: ${first})`,
    );
    const { count, first } = this.#unexpected;
    const parts = [
      ...(types.length > 0 ? [`keys of types that cannot be compared: ${types.join(", ")}`] : []),
      ...(count > 0 ? [`${count} ${count === 1 ? "key" : "keys"} could not be compared (first: ${first})`] : []),
    ];
    return parts.join("; ") || null;
  }
}
