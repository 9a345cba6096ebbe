import { sleep } from "../../base/deadline.ts";
import { compareBigKey, compareKey, type KeyComparison, type KeyResult } from "./compare-key.ts";
import type { ServerPair } from "./server-pair.ts";

/*
 *   batch of keys ─► a look at each ─┬─ equal ─────────────────────────────────► done
 *                                    ├─ different, as it was the last time ────► done
 *                                    └─ different for the first time, expires
 *                                       soon, changed meanwhile, unexpected answer ───► a pause, then a look at these again
 */

/** What is unexpected so often stays so. */
const MOST_LOOKS = 5;
const PAUSE_MS = 50;
/** What expires within this time is waited for: the two servers may count in seconds, and each has its own moment. ms */
const SOON_MS = 2_000;
const ALL_PAUSES_MS = 10_000;

/** How long one comparison may wait, in all, for keys that change. */
export class Patience {
  readonly #signal: AbortSignal;
  #left = ALL_PAUSES_MS;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  get exhausted(): boolean {
    return this.#left <= 0;
  }

  async pause(ms: number): Promise<void> {
    const pause = Math.min(ms, this.#left);
    this.#left -= pause;
    if (pause > 0) await sleep(pause, this.#signal);
  }
}

/** Compares a batch of keys, at once but for the big ones. What is unexpected in the result stayed so. */
export async function compareKeys(pair: ServerPair, keys: readonly Buffer[], patience: Patience): Promise<KeyResult[]> {
  const results: KeyResult[] = [];
  let open = keys.map((key, place) => ({ key, place, before: null as KeyResult | null }));
  for (let looks = 1; open.length > 0; looks++) {
    const answered = await compareAll(
      pair,
      open.map(({ key }) => key),
    );
    const again: typeof open = [];
    let pause = 0;
    for (const [i, { key, place, before }] of open.entries()) {
      const look = answered[i] as KeyComparison;
      results[place] = look.result;
      if (isCertain(look, before, patience.exhausted)) continue;
      if (looks === MOST_LOOKS) {
        // What expires as it is looked at is no difference.
        if (soon(look)) results[place] = { kind: "equal" };
        continue;
      }
      again.push({ key, place, before: look.result });
      pause = Math.max(pause, soon(look) ? (look.expiresIn ?? 0) + PAUSE_MS : looks * PAUSE_MS);
    }
    if (again.length > 0) await patience.pause(pause);
    open = again;
  }
  return results;
}

async function compareAll(pair: ServerPair, keys: readonly Buffer[]): Promise<KeyComparison[]> {
  const looks = await Promise.all(keys.map((key) => compareKey(pair, key)));
  const all: KeyComparison[] = [];
  for (const [i, look] of looks.entries()) {
    all.push("kind" in look ? await compareBigKey(pair, keys[i] as Buffer, look.names) : look);
  }
  return all;
}

function isCertain(look: KeyComparison, before: KeyResult | null, hurry: boolean): boolean {
  const { result } = look;
  if (result.kind === "equal" || result.kind === "unknown-type") return true;
  if (result.kind === "unexpected" || result.kind === "moved") return hurry && isSame(result, before);
  return !soon(look) && (hurry || isSame(result, before));
}

function soon({ expiresIn }: KeyComparison): boolean {
  return expiresIn !== null && expiresIn <= SOON_MS;
}

function isSame(a: KeyResult, b: KeyResult | null): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
