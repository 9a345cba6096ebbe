import type { Clock } from "../base/clock.ts";
import { addTo } from "../base/group-by.ts";
import type { Span } from "../base/span.ts";

/**
 * When our own debugger held each node's process stopped, or a fault of ours let a thread of it pause: a server is not to blame for its
 * silence then. gdb on a busy machine stops one for seconds, longer than some experiments wait before they call silence a hang.
 */
export class Examinations {
  readonly #clock: Clock;
  readonly #spans = new Map<string, { from: number; to: number | null }[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The node's process, or a thread of it, is stopped from now on; returns what to call when it goes on. */
  begin(node: string): () => void {
    const span: { from: number; to: number | null } = { from: this.#clock.now(), to: null };
    addTo(this.#spans, node, span);
    return () => {
      span.to ??= this.#clock.now();
    };
  }

  /** Closed intervals of run milliseconds that do not overlap; one that is still open ends now. */
  of(node: string): Span[] {
    return (this.#spans.get(node) ?? []).map(({ from, to }) => ({ from, to: to ?? this.#clock.now() }));
  }
}
