import { type Random, seededRandom } from "../../base/random.ts";
import { emptyColumns, inCellOrder } from "../../history/columns.ts";
import type { JournalEvent } from "../../journal/events.ts";
import { KIND, type LoadHistory, NOT_ASKED, NOTHING, OUTCOME } from "../../journal/history.ts";
import { deadlineOf } from "../../journal/time-to-live.ts";
import { ALL_CELLS, apply, type Bug, DROP_EVERY, type Entry, type Strike, strike, valueAt } from "./bugs.support.ts";
import { BEGIN, type DrawnLoad, drawLoad, endOf, type LoadOptions } from "./draw-load.support.ts";
import { DOWN, eventsOf, type ModelFlush, NODES, PROMOTION, type Upheavals } from "./events.support.ts";

/*
 * Test support: a master and two replicas in memory with clients, lost replies, flushes, a switch and a kill, in virtual time.
 *
 *   clients ── invoked ──► executed on a node, in order of that moment ──► completed, or the reply gets lost
 *                                    │ master's log
 *                                    └──────────────► r1, r2: the same in the same order, some milliseconds later
 *
 * It does what an asynchronously replicated store may do and nothing else, unless it is told to have a bug.
 */

export interface ModelOptions extends LoadOptions {
  seed: string;
  flushes: number;
  /** No reply to a flush gets lost. */
  answersFlushes?: boolean;
  /** r1 becomes master in the middle, and what it had not applied is lost. */
  promotes?: boolean;
  /** The master is killed and comes back with what it had half a second before. */
  kills?: boolean;
  bug?: Bug | undefined;
}

export interface ModelRun {
  load: LoadHistory;
  events: JournalEvent[];
  /** Where the bug struck; empty: nowhere. */
  struck: Strike[];
  /** How many acknowledged writes were lost with a master that was replaced or killed. */
  lost: number;
}

/** By node, ms. */
const LAGS = [0, 3, 12];
const SNAPSHOT_AGE = 500;
const FINAL_READS = 53_000;

/** The same options give the same run. */
export function runModel(options: ModelOptions): ModelRun {
  return new Model(options).run();
}

interface Node {
  /** As `apply` has it. */
  state: Float64Array;
  /** How much of the master's log it has applied. */
  applied: number;
  isMaster: boolean;
}

class Model {
  readonly #options: ModelOptions;
  readonly #random: Random;
  readonly #load: DrawnLoad;
  /** The cells that the load touches, in order: while the model runs, a cell's number is its place in this list. */
  readonly #touched: Uint32Array;
  readonly #nodes: readonly Node[];
  readonly #upheavals: Upheavals;
  readonly #flushes: ModelFlush[];
  readonly #struck: Strike[] = [];
  readonly #dropAt: number;
  /** Of the present master. */
  #log: Entry[] = [];
  #main = 0;
  #snapshot = new Float64Array();
  #snapshotAt = -Infinity;
  /** Every write that a master carried out, and when. */
  readonly #done = new Map<number, number>();
  readonly #lost = new Set<number>();
  #writes = 0;

  constructor(options: ModelOptions) {
    this.#options = options;
    this.#random = seededRandom(options.seed);
    const times = this.#random.fork("times");
    const at = (share: number) => BEGIN + (endOf(options) - BEGIN) * share;
    this.#upheavals = {
      promoted: options.promotes ? at(times.between(0.3, 0.5)) : Infinity,
      killed: options.kills ? at(times.between(0.6, 0.8)) : Infinity,
    };
    this.#load = drawLoad(options, this.#random.fork("load"), (t) => this.#meantMaster(t));
    this.#touched = numberedAgain(this.#load.operations.cell, options.cells);
    this.#nodes = LAGS.map((_, i) => ({
      state: new Float64Array(2 * this.#touched.length),
      applied: 0,
      isMaster: i === 0,
    }));
    this.#flushes = Array.from({ length: options.flushes }, (_, i) => {
      return this.#drawFlush(`flush-${i + 1}`, at((i + 0.7) / options.flushes), times);
    });
    this.#dropAt = this.#random.int(0, DROP_EVERY - 1);
  }

  run(): ModelRun {
    const { executed, operations } = this.#load;
    const steps = this.#steps().sort((a, b) => a.t - b.t);
    let next = 0;
    for (const row of inOrder(executed)) {
      const t = executed[row] as number;
      for (; (steps[next]?.t ?? Infinity) <= t; next++) steps[next]?.act();
      this.#execute(row, t);
    }
    for (; next < steps.length; next++) steps[next]?.act();
    for (const i of this.#nodes.keys()) if (i !== this.#main) this.#catchUp(i, Infinity);
    const { bug } = this.#options;
    const states = this.#nodes.map(({ state }) => state);
    const random = this.#random.fork("bug");
    if (bug)
      this.#struck.push(
        ...strike(bug, { log: this.#log, states, operations, flushes: this.#flushes, random, end: FINAL_READS }),
      );
    const isWrite = (row: number) => operations.kind[row] === KIND.write;
    const lost = [...this.#lost].filter((row) => isWrite(row) && operations.outcome[row] === OUTCOME.ok).length;
    const struck = this.#struck.map(({ what, cell }) => ({ what, cell: cell === null ? null : this.#named(cell) }));
    return { load: this.#history(), events: eventsOf(this.#flushes, this.#upheavals), struck, lost };
  }

  /** What happens besides the load's operations. */
  #steps(): { t: number; act: () => void }[] {
    const { promoted, killed } = this.#upheavals;
    const steps = this.#flushes.map((flush) => ({ t: flush.executed, act: () => this.#flush(flush) }));
    steps.push({ t: promoted + PROMOTION, act: () => this.#promote(promoted + PROMOTION) });
    steps.push({ t: promoted + 2 * PROMOTION, act: () => this.#follow(0) });
    steps.push({ t: killed - SNAPSHOT_AGE, act: () => this.#takeSnapshot(killed - SNAPSHOT_AGE) });
    steps.push({ t: killed + DOWN, act: () => this.#restart() });
    return steps.filter(({ t }) => t !== Infinity);
  }

  #execute(row: number, t: number): void {
    const { operations } = this.#load;
    const { kind, outcome, invoked, completed, cell, value } = operations;
    const i = operations.node[row] as number;
    const node = this.#nodes[i] as Node;
    const { killed } = this.#upheavals;
    const isKilled = i === this.#meantMaster(killed) && killed !== Infinity;
    // Down, or up again without the connection that carried the request.
    if (isKilled && t >= killed && (invoked[row] as number) < killed + DOWN) {
      this.#refuse(row);
      return;
    }
    if (isKilled && t < killed && (completed[row] as number) > killed) {
      outcome[row] = OUTCOME.info;
      completed[row] = Number.NaN;
    }
    const at = cell[row] as number;
    if (kind[row] === KIND.read) {
      if (!node.isMaster) this.#catchUp(i, t);
      if (outcome[row] === OUTCOME.ok) value[row] = valueAt(node.state, at, t);
    } else if (!node.isMaster) this.#refuse(row);
    else if (kind[row] === KIND.touch && valueAt(node.state, at, t) === NOTHING) this.#refuse(row);
    else if (!this.#drops(row)) {
      this.#done.set(row, t);
      if (i !== this.#main) this.#lost.add(row);
      const touches = kind[row] === KIND.touch;
      const deadline = this.#deadlineOf(row, t);
      this.#effect(i, { t, cell: at, value: value[row] as number, row, deadline, touches });
    }
  }

  #deadlineOf(row: number, t: number): number {
    const { ttl } = this.#options;
    const { value, invoked } = this.#load.operations;
    const deadline = ttl && value[row] ? deadlineOf(ttl, value[row]) : null;
    if (deadline === null) return Infinity;
    return (deadline.by === "pexpireat" ? (invoked[row] as number) : t) + deadline.ms;
  }

  #refuse(row: number): void {
    const { outcome } = this.#load.operations;
    if (outcome[row] === OUTCOME.ok) outcome[row] = OUTCOME.fail;
  }

  #drops(row: number): boolean {
    const { outcome, value, cell } = this.#load.operations;
    if (this.#options.bug !== "drop-write" || outcome[row] !== OUTCOME.ok) return false;
    if (this.#writes++ % DROP_EVERY !== this.#dropAt) return false;
    this.#struck.push({ what: `v${value[row]}`, cell: cell[row] as number });
    return true;
  }

  #flush(flush: ModelFlush): void {
    const { killed } = this.#upheavals;
    const { node, executed } = flush;
    const isKilled = node === this.#meantMaster(killed) && killed !== Infinity;
    if (isKilled && flush.invoked < killed && (flush.acknowledged ?? 0) > killed) flush.acknowledged = null;
    const isGone = isKilled && executed >= killed && flush.invoked < killed + DOWN;
    if (isGone && flush.acknowledged === null) return;
    if (isGone || !this.#nodes[node]?.isMaster) {
      if (flush.acknowledged !== null) flush.failed = "READONLY";
      flush.acknowledged = null;
    } else this.#effect(node, { t: executed, cell: ALL_CELLS, value: 0 });
  }

  #effect(i: number, entry: Entry): void {
    apply((this.#nodes[i] as Node).state, entry);
    // A former master that has not heard of it yet writes for itself alone.
    if (i === this.#main) this.#log.push(entry);
  }

  /** A replica applies what had reached it by `t`. */
  #catchUp(i: number, t: number): void {
    const node = this.#nodes[i] as Node;
    for (let entry = this.#log[node.applied]; entry && entry.t + (LAGS[i] as number) <= t; ) {
      apply(node.state, entry);
      entry = this.#log[++node.applied];
    }
  }

  #promote(t: number): void {
    this.#catchUp(1, t);
    for (const { row } of this.#log.slice((this.#nodes[1] as Node).applied)) if (row !== undefined) this.#lost.add(row);
    (this.#nodes[1] as Node).isMaster = true;
    this.#main = 1;
    this.#log = [];
    this.#follow(2);
  }

  /** A node throws away what it has and copies the present master. */
  #follow(i: number): void {
    const node = this.#nodes[i] as Node;
    node.isMaster = false;
    node.state.set((this.#nodes[this.#main] as Node).state);
    node.applied = this.#log.length;
  }

  #takeSnapshot(t: number): void {
    this.#snapshotAt = t;
    this.#snapshot = (this.#nodes[this.#main] as Node).state.slice();
  }

  #restart(): void {
    (this.#nodes[this.#main] as Node).state.set(this.#snapshot);
    for (const [row, t] of this.#done) if (t > this.#snapshotAt) this.#lost.add(row);
    this.#log = [];
    for (const i of this.#nodes.keys()) if (i !== this.#main) this.#follow(i);
  }

  #meantMaster(t: number): number {
    return t >= this.#upheavals.promoted ? 1 : 0;
  }

  #drawFlush(id: string, t: number, random: Random): ModelFlush {
    const invoked = t + random.between(0, 50);
    const executed = invoked + random.between(0, 5);
    const flush = { id, node: this.#meantMaster(invoked), invoked, executed, acknowledged: null, failed: null };
    const luck = random.next();
    if (luck < 0.1 && !this.#options.answersFlushes)
      return { ...flush, executed: luck < 0.05 ? Infinity : executed + random.between(0, 1000) };
    return { ...flush, acknowledged: executed + random.between(0, 5) };
  }

  #named(cell: number): number {
    return this.#touched[cell] as number;
  }

  #history(): LoadHistory {
    const { operations } = this.#load;
    operations.cell.set(operations.cell.map((cell) => this.#named(cell)));
    const final = emptyColumns(this.#touched.length * NODES.length);
    final.kind.fill(KIND.read);
    final.replicas.fill(NOT_ASKED);
    let row = 0;
    for (const [n, cell] of this.#touched.entries()) {
      for (const [i, { state }] of this.#nodes.entries()) {
        final.cell[row] = cell;
        final.node[row] = i;
        final.invoked[row] = FINAL_READS + row * 0.001;
        final.completed[row] = FINAL_READS + (row + 1) * 0.001;
        final.value[row] = valueAt(state, n, final.invoked[row] as number);
        row++;
      }
    }
    const shape = {
      type: "string",
      prefix: "model:",
      keys: this.#options.cells,
      elements: 1,
      ttl: this.#options.ttl,
    } as const;
    return {
      load: "model",
      shape,
      nodes: NODES,
      operations: inCellOrder(operations),
      final,
      foreign: [],
      incomplete: null,
    };
  }
}

/** Gives the cells that are there numbers without gaps, in the same order. Returns what each was: room for every cell takes longer to touch than the run. */
function numberedAgain(cell: Uint32Array, cells: number): Uint32Array {
  const touched = cell.toSorted().filter((one, i, all) => one !== all[i - 1]);
  const number = new Uint32Array(cells);
  for (let n = 0; n < touched.length; n++) number[touched[n] as number] = n;
  for (let row = 0; row < cell.length; row++) cell[row] = number[cell[row] as number] as number;
  return touched;
}

/** Rows that get to the server, by when they do: nearly in order as they are, so that each is moved a few places only. */
function inOrder(executed: Float64Array): Uint32Array {
  const order = new Uint32Array(executed.length);
  let length = 0;
  for (let row = 0; row < executed.length; row++) {
    const t = executed[row] as number;
    if (t === Infinity) continue;
    let at = length++;
    for (; at > 0 && (executed[order[at - 1] as number] as number) > t; at--) order[at] = order[at - 1] as number;
    order[at] = row;
  }
  return order.subarray(0, length);
}
