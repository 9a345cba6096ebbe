import { countEach } from "../base/count-each.ts";
import { covered, type Span } from "../base/span.ts";
import { type ConnectionView, type NodeReport, onDataPath } from "./observation.ts";

/** What the unanswered questions of one node amount to. */
export type Silence =
  | { kind: "none"; oldest: number }
  /** It would be a hang, but most of that time we were starved ourselves. */
  | { kind: "starved"; since: number; stolen: number }
  /** Nobody answers on the data path. `refused`: connections end instead of staying silent; why the last one did. */
  | { kind: "total"; since: number; age: number; silent: number; of: number; refused: string | null; held: boolean }
  /** Some connections answer, these have not for hangAfter. */
  | { kind: "partial"; since: number; age: number; silent: number; of: number; numbers: number[]; what: string };

/** Nobody, some or all of a node's connections were already said to hang. */
type KnownHang = "none" | "partial" | "total";

/** Starved time below this share of hangAfter just delays a hang; above it the condition is `starved`. */
const RELEVANT = 0.2;

/**
 * Ages of questions on one node. The data path decides (PING, SET, GET): a server whose INFO answers while PING hangs
 * (Pika, until its thread pool is used up) is hung.
 */
export class SilenceRule {
  readonly #hangAfter: number;
  #lastAnswer = 0;
  /** Since when answers come without a long pause. */
  #answering = 0;
  /** Connections end without an answer in between: since when, and why the last one did. */
  #losing: { from: number; reason: string } | null = null;

  constructor(hangAfter: number) {
    this.#hangAfter = hangAfter;
  }

  /** When the data path answered last; 0: never. */
  get lastAnswer(): number {
    return this.#lastAnswer;
  }

  /** When connections began to fail without an answer since; null: none did. */
  get firstLoss(): number | null {
    return this.#losing?.from ?? null;
  }

  /**
   * @param floor no question counts as older than this: start of the watch, or release of a node that we held stopped
   * @param known how far the node is already known to hang: late news of starvation must not take that back
   */
  observe(report: NodeReport, t: number, floor: number, starved: readonly Span[], known: KnownHang): Silence {
    for (const { kind, answeredAt } of report.answers) {
      if (!onDataPath(kind)) continue;
      if (answeredAt - this.#lastAnswer >= this.#hangAfter / 2) this.#answering = answeredAt;
      this.#lastAnswer = Math.max(this.#lastAnswer, answeredAt);
    }
    if (this.#losing && this.#losing.from <= this.#lastAnswer) this.#losing = null;
    for (const loss of report.losses) {
      if (!onDataPath(loss.kind) || loss.at <= this.#lastAnswer) continue;
      this.#losing = { from: this.#losing?.from ?? loss.at, reason: loss.reason };
    }
    return this.#total(report, t, floor, starved, known) ?? this.#partial(report, t, floor, starved, known);
  }

  #total(report: NodeReport, t: number, floor: number, starved: readonly Span[], known: KnownHang): Silence | null {
    const asked = report.connections.filter(({ kind, askedAt }) => onDataPath(kind) && askedAt !== null);
    const oldest = Math.min(...asked.map(({ askedAt }) => askedAt ?? t), this.#losing?.from ?? t);
    const since = Math.max(floor, oldest);
    const quietFrom = Math.max(floor, this.#lastAnswer, since);
    if (t - quietFrom < this.#hangAfter) return null;
    const stolen = covered(starved, { from: quietFrom, to: t });
    const age = t - quietFrom - stolen;
    if (age < this.#hangAfter && known === "none") return this.#stolen(since, stolen, t);
    // It stays a partial hang while it was us who heard nothing of the others.
    if (age < this.#hangAfter && known === "partial") return null;
    const { held } = report;
    const of = held ? asked.length : connectionsWith(report, asked);
    // All of them are silent, the younger ones of less than hangAfter too.
    const old = this.#hangAfter / 2;
    const counted = held ? asked : report.connections;
    const silent = counted.filter(({ askedAt }) => askedAt !== null && t - askedAt >= old).length;
    return { kind: "total", since, age: t - since, silent, of, refused: this.#losing?.reason ?? null, held };
  }

  #partial(report: NodeReport, t: number, floor: number, starved: readonly Span[], known: KnownHang): Silence {
    const ages = report.connections.map(({ askedAt }) => (askedAt === null ? 0 : t - Math.max(askedAt, floor)));
    const oldest = Math.max(0, ...ages);
    // When everybody just fell silent, the first question to reach hangAfter is not a partial hang; nor is the last one
    // to be answered when everybody just came back.
    const settle = this.#hangAfter / 2;
    if (t - this.#lastAnswer >= settle || t - this.#answering < settle) return { kind: "none", oldest };
    const stuck = report.connections.filter(({ askedAt, link, kind }, i) => {
      // A connection that is still being opened may be the path's fault; for fresh ones opening is what is asked.
      return askedAt !== null && (ages[i] ?? 0) >= this.#hangAfter && (link === "open" || kind === "fresh");
    });
    if (stuck.length === 0) return { kind: "none", oldest };
    const since = Math.max(floor, Math.min(...stuck.map(({ askedAt }) => askedAt ?? t)));
    const stolen = covered(starved, { from: since, to: t });
    if (t - since - stolen < this.#hangAfter && known === "none") return this.#stolen(since, stolen, t);
    const numbers = stuck.map(({ number }) => number);
    const kinds = countEach(stuck.map(({ kind }) => kind));
    const what = [...kinds].map(([kind, n]) => `${n} ${kind}`).join(", ");
    const of = connectionsWith(report, stuck);
    return { kind: "partial", since, age: t - since, silent: stuck.length, of, numbers, what };
  }

  #stolen(since: number, stolen: number, t: number): Silence {
    if (stolen < RELEVANT * this.#hangAfter) return { kind: "none", oldest: t - since };
    return { kind: "starved", since, stolen };
  }
}

/** How many connections there are that last and were used, and with them those of `counted` that do not last. */
function connectionsWith({ connections }: NodeReport, counted: readonly ConnectionView[]): number {
  const used = connections.filter(({ kind, askedAt, answeredAt }) => {
    return kind !== "fresh" && (askedAt !== null || answeredAt !== null);
  });
  return used.length + counted.filter(({ kind }) => kind === "fresh").length;
}
