import { ChaosError } from "../base/chaos-error.ts";
import type { LockKind, LockMode } from "./graph.ts";
import { type Layout, Table } from "./library/layout.ts";

/** Part of a program file: return addresses in it are meant. */
export interface CodeRange {
  /** How the file's path in the container ends: "/bin/kvrocks". */
  module: string;
  /** Offsets in the file; `to` excluded. */
  from: number;
  to: number;
}

/** A place where threads are to pause. What is empty or null asks for nothing. */
export interface PauseRule {
  /** Before the lock is asked for, or when it has just been got. */
  where: "before" | "after";
  /** Pattern of the thread's name: `*` and `?`. */
  thread: string;
  /** Where the lock is asked for. */
  sites: readonly CodeRange[];
  /** A caller of that place further up counts, too. */
  callers: boolean;
  /** For each of them the thread must hold a lock that it took there. */
  held: readonly CodeRange[];
  mode: LockMode | null;
  kind: LockKind | null;
  /** ms. */
  length: number;
  /** Only every n-th passage. */
  every: number;
  /** 0 to 1: of those, how many. */
  probability: number;
  /** At most so many pauses. */
  most: number;
  /** Decides which passages, where `probability` is below 1. */
  seed: number;
}

/** Random short pauses wherever a lock is asked for. */
export interface Noise {
  /** 0 to 1, at each. */
  probability: number;
  /** us. */
  longest: number;
  seed: number;
}

export interface PauseState {
  /** Passages of the place, paused or not. */
  passed: number;
  /** Pauses that have begun. */
  hits: number;
  /** Threads that pause now. */
  pausing: number;
  /** When the last one began: CLOCK_MONOTONIC, ms; null: none did. */
  last: number | null;
  /** Name of the thread that made it; "": none. */
  thread: string;
}

const MODES: readonly LockMode[] = ["shared", "exclusive"];
const KINDS: readonly LockKind[] = ["mutex", "rwlock", "spin", "thread"];
const WHOLE = 0xffffffff;

/** The rules of one node as the library has them in memory. */
export class PauseTable {
  noise: Noise | null = null;
  readonly #control: Table;
  readonly #rule: Table;
  readonly #range: Table;
  readonly #rules: { rule: PauseRule; enabled: boolean }[] = [];

  constructor(layout: Layout) {
    this.#control = new Table(layout, "control");
    this.#rule = new Table(layout, "rule");
    this.#range = new Table(layout, "range");
  }

  get isActive(): boolean {
    return this.noise !== null || this.#rules.some(({ enabled }) => enabled);
  }

  add(rule: PauseRule): number {
    const most = this.#control.width("rules") / this.#rule.size;
    if (this.#rules.length >= most) throw this.#full(`${most} pauses`);
    const perRule = this.#rule.width("site") / 2;
    if (Math.max(rule.sites.length, rule.held.length) > perRule) throw this.#full(`${perRule} places of one pause`);
    const ranges = this.#control.width("ranges") / this.#range.size;
    if (this.#ranges([...this.#rules.map((one) => one.rule), rule]).length > ranges)
      throw this.#full(`${ranges} places`);
    return this.#rules.push({ rule, enabled: true }) - 1;
  }

  end(number: number): void {
    const one = this.#rules[number];
    if (one) one.enabled = false;
  }

  state(control: Buffer, number: number): PauseState {
    const at = this.#control.offset("rules") + number * this.#rule.size;
    const of = (field: string): number => this.#rule.number(control, at, field);
    const last = of("last_hit");
    const thread = this.#rule.text(control, at, "last_name");
    const [passed, hits, pausing] = [of("passed"), of("hits"), of("pausing")];
    return { passed, hits, pausing, last: last === 0 ? null : last / 1e6, thread };
  }

  /** What is to be written, and where; the counters of the library lie between. */
  parts(): { offset: number; bytes: Buffer }[] {
    const ranges = this.#ranges(this.#rules.map(({ rule }) => rule));
    const places = Buffer.alloc(ranges.length * this.#range.size);
    for (const [i, range] of ranges.entries()) {
      const at = i * this.#range.size;
      this.#range.setText(places, at, "module", range.module);
      this.#range.set(places, at, "from", range.from);
      this.#range.set(places, at, "to", range.to);
    }
    const first = this.#control.offset("rules");
    const rules = this.#rules.map(({ rule, enabled }, i) => ({
      offset: first + i * this.#rule.size,
      bytes: this.#encode(rule, enabled, ranges),
    }));
    const head = Buffer.alloc(this.#control.offset("ranges"));
    const set = (field: string, value: number): void => this.#control.set(head, 0, field, value);
    set("noise_probability", Math.round((this.noise?.probability ?? 0) * WHOLE));
    set("noise_max_us", this.noise?.longest ?? 0);
    set("noise_seed", this.noise?.seed ?? 0);
    set("range_count", ranges.length);
    set("rule_count", rules.length);
    const fields = ["noise_probability", "noise_max_us", "noise_seed", "range_count", "rule_count"];
    const numbers = fields.map((field) => {
      const offset = this.#control.offset(field);
      return { offset, bytes: head.subarray(offset, offset + 4) };
    });
    return [{ offset: this.#control.offset("ranges"), bytes: places }, ...rules, ...numbers];
  }

  #encode(rule: PauseRule, enabled: boolean, ranges: readonly CodeRange[]): Buffer {
    // Up to the first field that the library writes.
    const whole = Buffer.alloc(this.#rule.size);
    const set = (field: string, value: number): void => this.#rule.set(whole, 0, field, value);
    set("enabled", enabled ? 1 : 0);
    set("after", rule.where === "after" ? 1 : 0);
    set("every", rule.every);
    set("probability", Math.round(rule.probability * WHOLE));
    set("max_hits", rule.most);
    set("length_us", Math.round(rule.length * 1000));
    set("mode", rule.mode === null ? 0 : MODES.indexOf(rule.mode) + 1);
    set("kind", rule.kind === null ? 0 : KINDS.indexOf(rule.kind) + 1);
    set("unwinds", rule.callers ? 1 : 0);
    set("seed", rule.seed);
    set("site_count", rule.sites.length);
    set("held_count", rule.held.length);
    this.#rule.setText(whole, 0, "thread", rule.thread);
    const number = (range: CodeRange): number => ranges.findIndex((one) => same(one, range));
    for (const [i, site] of rule.sites.entries()) whole.writeUInt16LE(number(site), this.#rule.offset("site") + i * 2);
    for (const [i, site] of rule.held.entries()) whole.writeUInt16LE(number(site), this.#rule.offset("held") + i * 2);
    return whole.subarray(0, this.#rule.offset("passed"));
  }

  #ranges(rules: readonly PauseRule[]): CodeRange[] {
    const all = rules.flatMap(({ sites, held }) => [...sites, ...held]);
    return all.filter((range, i) => all.findIndex((other) => same(other, range)) === i);
  }

  #full(what: string): ChaosError {
    return new ChaosError("infrastructure", `the library that sees locks has no room for more than ${what}`, {
      hint: "Leave some pauses out, or name fewer places in each.",
    });
  }
}

function same(a: CodeRange, b: CodeRange): boolean {
  return a.module === b.module && a.from === b.from && a.to === b.to;
}
