import { covered, type Span } from "../base/span.ts";
import { formatSeconds } from "../base/units.ts";
import type { NodeState } from "../journal/events.ts";
import type { NodeReport } from "./observation.ts";
import type { ProcessSample } from "./process-sample.ts";

interface Restoring {
  since: number;
  why: string;
  /** Not restoring but running a script: -BUSY for hangAfter. */
  busy: boolean;
  /** Since when nothing progressed, once that is too long; else null. */
  stuckSince: number | null;
}

/** Without any progress for this many times hangAfter, "loading" is no longer believed. */
const PATIENCE = 10;
/** Between two readings of the process: more than our own probes and a server's housekeeping cause. */
const RSS_STEP = 1024 * 1024;
const IO_STEP = 256 * 1024;

/** A server that answers every question with the same refusal: -LOADING (with or without progress) or -BUSY. */
export class RestoringRule {
  readonly #hangAfter: number;
  readonly #replies: ReadonlySet<string>;
  #loading: number | null = null;
  #busy: number | null = null;
  #lastReply = "";
  #progressAt = 0;
  #told: string | null = null;

  constructor(hangAfter: number, replies: readonly string[]) {
    this.#hangAfter = hangAfter;
    this.#replies = new Set(replies);
  }

  /** Notes whether bytes moved since the last reading: memory, I/O, or what INFO says of its progress. */
  progress(t: number, now: ProcessSample | null, before: ProcessSample | undefined, state: NodeState | null): boolean {
    const grew = now !== null && before !== undefined && now.pid === before.pid && this.#grew(now, before);
    const told = state ? `${state.syncProgress} ${state.offset}` : this.#told;
    const said = state !== null && this.#told !== null && told !== this.#told;
    this.#told = told;
    if (grew || said) this.#progressAt = Math.max(this.#progressAt, t);
    return t - this.#progressAt < this.#hangAfter && this.#progressAt > 0;
  }

  observe(report: NodeReport, t: number, starved: readonly Span[]): Restoring | null {
    for (const { kind, error, askedAt, answeredAt } of report.answers) {
      if (kind !== "established" && kind !== "fresh") continue;
      const restoring = error !== null && this.#replies.has(error);
      if (restoring) this.#lastReply = error;
      this.#loading = restoring ? (this.#loading ?? answeredAt) : null;
      this.#busy = error === "BUSY" ? (this.#busy ?? askedAt) : null;
    }
    if (this.#busy !== null && t - this.#busy - covered(starved, { from: this.#busy, to: t }) >= this.#hangAfter) {
      const why = `every command is refused with -BUSY for ${formatSeconds(t - this.#busy)}: a script runs and does not end`;
      return { since: this.#busy, why, busy: true, stuckSince: null };
    }
    if (this.#loading === null) return null;
    const still = Math.max(this.#loading, this.#progressAt);
    const patience = PATIENCE * this.#hangAfter;
    const stuck = t - still - covered(starved, { from: still, to: t }) >= patience;
    const why = stuck
      ? `answers only -${this.#lastReply} for ${formatSeconds(t - this.#loading)}, without progress for ${formatSeconds(t - still)}`
      : `answers -${this.#lastReply}: it restores its data`;
    return { since: this.#loading, why, busy: false, stuckSince: stuck ? still : null };
  }

  #grew(now: ProcessSample, before: ProcessSample): boolean {
    const rss = now.rssBytes !== null && before.rssBytes !== null ? Math.abs(now.rssBytes - before.rssBytes) : 0;
    const io = now.ioBytes !== null && before.ioBytes !== null ? now.ioBytes - before.ioBytes : 0;
    return rss >= RSS_STEP || io >= IO_STEP;
  }
}
