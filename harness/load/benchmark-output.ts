import type { Latency } from "../journal/events.ts";
import { addError } from "../journal/outcomes.ts";

/** What one redis-benchmark has told since the last time it was asked. */
export interface BenchmarkCount {
  ok: number;
  /** Runs that ended with an error: what it was → how many. "READONLY", "connection-lost", "exit-1", … */
  errors: Record<string, number>;
  /** Of the last test that was finished in that time, as redis-benchmark sums it up; null: none was. */
  latency: Latency | null;
  /** It tells of requests in flight right now, as opposed to one that could not connect. */
  running: boolean;
}

/** Written by the loop around it (benchmark-process.ts) each time redis-benchmark has ended. */
export const EXIT_MARK = "kvchaos: exit";

const LIVE = /^\s*.+: rps=([\d.]+) \(overall: \S+\) avg_msec=\S+ \(overall: \S+\)\s*$/;
const IDLE = /^\s*clients: (\d+)\s*$/;
const COMPLETED = /^\s*(\d+) requests completed in [\d.]+ seconds\s*$/;
const SUMMARY = /^\s*[\d.]+\s+[\d.]+\s+([\d.]+)\s+[\d.]+\s+([\d.]+)\s+([\d.]+)\s*$/;
const SUMMARY_HEAD = /^\s*avg\s+min\s+p50\s+p95\s+p99\s+max\s*$/;
const EXIT = new RegExp(`^${EXIT_MARK} (\\d+)$`);
/** It writes these before it ends; redis-benchmark.c and hiredis. */
const TROUBLE: readonly (readonly [RegExp, (match: RegExpExecArray) => string])[] = [
  [/^Could not connect to Redis at .*refused/, () => "connect-refused"],
  [/^Could not connect to Redis at /, () => "connect-failed"],
  [/^Error from server: (\S+)/, (match) => match[1] ?? ""],
  [/^Node .* replied with error:/, () => "AUTH"],
  [/Server closed the connection|Connection reset/, () => "connection-lost"],
  [/^Error: (.+)/, (match) => (match[1] ?? "").slice(0, 40)],
];
const REFUSED = /^(Invalid option .*|Wrong number of arguments.*|Usage: redis-benchmark .*)$/;

/**
 * Reads the lines of redis-benchmark 6.2 and later, its carriage returns made line ends: four times a second a test tells how
 * fast it is ("SET: rps=41720.3 (overall: …) avg_msec=…"), and at its end how many requests it was, and their latencies.
 */
export class BenchmarkOutput {
  #ok = 0;
  /** Requests counted of the test that is going on. */
  #counted = 0;
  #liveAt: number | null = null;
  #running = false;
  #completed = 0;
  #summaryNext = false;
  #latency: Latency | null = null;
  #errors: Record<string, number> = {};
  #trouble: string | null = null;
  /** Why it does not take its arguments; null: it does, or has not said so. */
  refusal: string | null = null;
  /** It has told something of a test, or has ended. */
  begun = false;

  /** @param at when the line was written, ms */
  line(text: string, at: number): void {
    const live = LIVE.exec(text);
    const completed = COMPLETED.exec(text);
    const exit = EXIT.exec(text);
    if (live) this.#live(Number(live[1]), at);
    else if (IDLE.test(text)) this.#running = this.begun = true;
    else if (completed) this.#end(Number(completed[1]));
    else if (SUMMARY_HEAD.test(text)) this.#summaryNext = true;
    else if (this.#summaryNext) this.#summary(text);
    else if (exit) this.#exit(Number(exit[1]));
    else if (REFUSED.test(text)) this.refusal ??= text.trim();
    else this.#noteTrouble(text);
  }

  take(): BenchmarkCount {
    // A test's own total may be less than what its live figures add up to: what was counted too much is made up for later.
    const ok = Math.max(0, Math.floor(this.#ok));
    this.#ok -= ok;
    const count = { ok, errors: this.#errors, latency: this.#latency, running: this.#running };
    this.#errors = {};
    this.#latency = null;
    return count;
  }

  /** Its figure is that of the time since the figure before, whichever test that was of. */
  #live(rps: number, at: number): void {
    this.#running = this.begun = true;
    const requests = this.#liveAt === null ? 0 : (rps * Math.max(0, at - this.#liveAt)) / 1000;
    this.#liveAt = at;
    this.#counted += requests;
    this.#ok += requests;
  }

  #end(requests: number): void {
    this.#ok += requests - this.#counted;
    this.#counted = 0;
    this.#completed = requests;
    this.begun = true;
  }

  #summary(text: string): void {
    this.#summaryNext = false;
    const found = SUMMARY.exec(text);
    if (!found) return;
    const [p50, p99, max] = found.slice(1).map(Number) as [number, number, number];
    this.#latency = { count: this.#completed, p50, p99, max };
  }

  #exit(code: number): void {
    if (code !== 0) addError(this.#errors, this.#trouble ?? `exit-${code}`, 1);
    this.begun = true;
    this.#running = false;
    this.#trouble = null;
    this.#counted = 0;
    this.#liveAt = null;
  }

  #noteTrouble(text: string): void {
    for (const [pattern, name] of TROUBLE) {
      const match = pattern.exec(text);
      if (!match) continue;
      this.#trouble = name(match);
      return;
    }
  }
}
