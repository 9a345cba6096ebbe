import type { EventOf, JournalEvent } from "../../journal/events.ts";
import type { Limits } from "../../journal/limits.ts";

/** A server's resident memory against the most that it had in the warm-up. Bytes; run ms. */
export interface Growth {
  base: number;
  /** More than this is too much. */
  limit: number;
  peak: { bytes: number; at: number };
  /** When it was first above the limit; null: never. */
  passed: number | null;
  /** When it was below it again for good; null: it was not. */
  back: number | null;
}

/** Follows the memory of every server: fed with the journal's events, live or afterwards. */
export class MemoryGrowth {
  readonly #limit: NonNullable<Limits["memory"]>;
  readonly #base = new Map<string, number>();
  readonly #grown = new Map<string, Growth>();
  readonly #servers = new Set<string>();
  #during: "before" | "warm-up" | "after" | "over" = "before";

  constructor(limit: NonNullable<Limits["memory"]>) {
    this.#limit = limit;
  }

  see(event: JournalEvent): void {
    if (event.type === "cluster") {
      for (const { name, role } of event.nodes) if (role === "master" || role === "replica") this.#servers.add(name);
    } else if (event.type === "phase" && event.step === "begin") {
      if (event.phase === "warm-up") this.#during = "warm-up";
      if (event.phase === "chaos") this.#during = "after";
      if (event.phase === "teardown") this.#during = "over";
    } else if (event.type === "process") this.#sample(event);
  }

  /** Servers whose memory nobody could read in the warm-up. */
  get unknown(): string[] {
    return [...this.#servers].filter((node) => !this.#base.has(node));
  }

  get nodes(): string[] {
    return [...this.#grown.keys()];
  }

  of(node: string): Growth | undefined {
    return this.#grown.get(node);
  }

  #sample({ node, t, rssBytes }: EventOf<"process">): void {
    if (rssBytes === null || !this.#servers.has(node)) return;
    const base = this.#base.get(node);
    if (this.#during === "before") this.#base.set(node, rssBytes);
    else if (this.#during === "warm-up") this.#base.set(node, Math.max(base ?? 0, rssBytes));
    else if (this.#during === "after" && base !== undefined) this.#measure(node, { base, bytes: rssBytes, at: t });
  }

  #measure(node: string, { base, bytes, at }: { base: number; bytes: number; at: number }): void {
    const limit = this.#limit.kind === "bytes" ? base + this.#limit.bytes : base * (1 + this.#limit.share);
    const before = this.#grown.get(node) ?? { base, limit, peak: { bytes, at }, passed: null, back: null };
    const above = bytes > limit;
    this.#grown.set(node, {
      ...before,
      peak: bytes > before.peak.bytes ? { bytes, at } : before.peak,
      passed: before.passed ?? (above ? at : null),
      back: above ? null : before.passed === null ? null : (before.back ?? at),
    });
  }
}
