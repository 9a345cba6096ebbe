import type { Outcomes } from "../journal/events.ts";
import { addError, addErrors, addOutcomes, NO_OUTCOMES } from "../journal/outcomes.ts";
import { addLatencies, type Latencies, noLatencies, recordLatency } from "./latencies.ts";

/**
 * What one thread counted of one load since its last sample. Plain data, which clones.
 * Errors of fail: the first word of an error reply, "connect-refused", "connect-failed" (unreachable, closed before AUTH, …),
 * "not-sent"; of info: "timeout", "connection-lost". Their sum is fail + info.
 */
export interface LoadSample extends Outcomes {
  load: string;
  /** Of the operations that ended ok. */
  latency: Latencies;
  connected: number;
  /** The same counts by node. */
  nodes: Record<string, Outcomes>;
  /** How often servers sent a command elsewhere, by their word: MOVED, ASK, TRYAGAIN. */
  redirects: Record<string, number>;
  /** Of loads that draw from the server's table, by command: how often each was done, and how often it was not. */
  done: Record<string, number>;
  notDone: Record<string, number>;
}

export function emptySample(load: string): LoadSample {
  // A plain literal: V8 counts many times slower in an object that was made by spreading another.
  return {
    load,
    ok: 0,
    fail: 0,
    info: 0,
    errors: {},
    latency: noLatencies(),
    connected: 0,
    nodes: {},
    redirects: {},
    done: {},
    notDone: {},
  };
}

/** Adds `more` to `sum`. */
export function addSample(sum: LoadSample, more: LoadSample): void {
  Object.assign(sum, addOutcomes(sum, more));
  sum.connected += more.connected;
  addLatencies(sum.latency, more.latency);
  sum.redirects = addErrors(sum.redirects, more.redirects);
  sum.done = addErrors(sum.done, more.done);
  sum.notDone = addErrors(sum.notDone, more.notDone);
  for (const [node, counts] of Object.entries(more.nodes))
    sum.nodes[node] = addOutcomes(sum.nodes[node] ?? NO_OUTCOMES, counts);
}

/** Counts outcomes until the next sample is taken. */
export class Tally {
  readonly #load: string;
  #sample: LoadSample;
  /** Each is the same object for ever: connections keep theirs. */
  readonly #nodes = new Map<string, Outcomes>();

  constructor(load: string) {
    this.#load = load;
    this.#sample = emptySample(load);
  }

  /** What is counted of one node. */
  node(name: string): Outcomes {
    const known = this.#nodes.get(name);
    const counts = known ?? { ok: 0, fail: 0, info: 0, errors: {} };
    if (!known) this.#nodes.set(name, counts);
    return counts;
  }

  /** @param ms from the intended start to the reply */
  ok(ms: number, node: Outcomes): void {
    const sample = this.#sample;
    sample.ok++;
    node.ok++;
    recordLatency(sample.latency, ms);
  }

  /** @param node absent: of an operation that was never meant for one */
  fail(error: string, count: number, node?: Outcomes): void {
    this.#error("fail", error, count, node);
  }

  info(error: "timeout" | "connection-lost", count: number, node: Outcomes): void {
    this.#error("info", error, count, node);
  }

  /** A server has sent a command elsewhere, where it gets its outcome. */
  redirected(word: string): void {
    addError(this.#sample.redirects, word, 1);
  }

  /** A command of this name was answered. */
  command(name: string, done: boolean): void {
    addError(done ? this.#sample.done : this.#sample.notDone, name, 1);
  }

  take(connected: number): LoadSample {
    const sample = this.#sample;
    this.#sample = emptySample(this.#load);
    sample.connected = connected;
    for (const [name, counts] of this.#nodes) {
      if (counts.ok + counts.fail + counts.info > 0) sample.nodes[name] = { ...counts };
      Object.assign(counts, NO_OUTCOMES, { errors: {} });
    }
    return sample;
  }

  #error(outcome: "fail" | "info", error: string, count: number, node: Outcomes | undefined): void {
    for (const counts of node ? [this.#sample, node] : [this.#sample]) {
      counts[outcome] += count;
      addError(counts.errors, error, count);
    }
  }
}
