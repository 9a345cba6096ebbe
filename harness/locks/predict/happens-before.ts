import { addTo } from "../../base/group-by.ts";
import type { LockGraph, LockMode } from "../graph.ts";

/** What is before one moment: a thread's number → the last of its epochs that is. */
type Past = ReadonlyMap<number, number>;

/** As many pasts are kept at once; each may name every thread. */
const KEPT = 200;

/** A lock that a thread holds at some time. */
export interface Hold {
  lock: string;
  mode: LockMode;
  /** Number of the thread. */
  by: number;
}

/*
 *   A ──epoch 0──┬─ starts B ──┬──epoch 1──┬─ joins B ──┬──epoch 2──►
 *                └────────► B ─────────────►┘
 *   What A did in epoch 0 was before all of B, and all of B before what A did in epoch 2. Epoch 1 ran beside B.
 */

/** The order that starts and joins of threads make: what it puts one behind the other can never meet. */
export class HappensBefore {
  readonly #threads: LockGraph["threads"];
  readonly #joins = new Map<number, { thread: number; epoch: number }[]>();
  readonly #pasts = new Map<string, Past>();
  /** Is there a thread around which something was held? */
  readonly hasHolds: boolean;

  constructor(threads: LockGraph["threads"]) {
    this.#threads = threads;
    this.hasHolds = [...threads.values()].some(({ within }) => within.length > 0);
    for (const { number, joinedBy, joinedEpoch } of threads.values()) {
      if (joinedBy !== 0) addTo(this.#joins, joinedBy, { thread: number, epoch: joinedEpoch });
    }
  }

  /** Was everything that thread `a` did up to the end of its epoch `to` over before thread `b` began its epoch `from`? Of different threads. */
  isBefore(a: number, to: number, b: number, from: number): boolean {
    return (this.#past(b, from).get(a) ?? -1) >= to;
  }

  /** What was held all the time that a thread was there: by who made and joined it, and by who made and joined that one. */
  heldAround(thread: number): readonly Hold[] {
    const { parent = 0, joinedBy = 0, within = [] } = this.#threads.get(thread) ?? {};
    if (parent === 0 || joinedBy !== parent) return [];
    return [...within.map(({ lock, mode }) => ({ lock, mode, by: parent })), ...this.heldAround(parent)];
  }

  #past(thread: number, epoch: number): Past {
    const key = `${thread} ${epoch}`;
    const known = this.#pasts.get(key);
    if (known) return known;
    if (this.#pasts.size >= KEPT) this.#pasts.clear();
    const past = this.#walkBack(thread, epoch);
    this.#pasts.set(key, past);
    return past;
  }

  #walkBack(thread: number, epoch: number): Past {
    const past = new Map<number, number>();
    const open = [{ thread, epoch }];
    const reach = (earlier: number, upTo: number): void => {
      if ((past.get(earlier) ?? -1) >= upTo) return;
      past.set(earlier, upTo);
      open.push({ thread: earlier, epoch: upTo });
    };
    for (let at = open.pop(); at; at = open.pop()) {
      const { parent = 0, parentEpoch = 0 } = this.#threads.get(at.thread) ?? {};
      if (parent !== 0) reach(parent, parentEpoch);
      for (const joined of this.#joins.get(at.thread) ?? []) {
        if (joined.epoch <= at.epoch) reach(joined.thread, Number.POSITIVE_INFINITY);
      }
    }
    return past;
  }
}
