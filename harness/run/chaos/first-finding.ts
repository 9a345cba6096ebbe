import { HANGS } from "../../journal/events.ts";
import type { NodeVerdict } from "../../watchdog/watchdog.ts";

/**
 * `stop-on: first-finding`: ends the chaos phase when something is certain to become a finding: a server is gone, a hang
 * is proved, or a hang has lasted longer than the experiment allows. A server that is slow, stalled or silent for a while
 * may come back, and a run that had stopped for it would know nothing of the faults that it left out.
 */
export class FirstFinding {
  readonly #patience: number;
  readonly #stop: () => void;
  readonly #timers = new Map<string, NodeJS.Timeout>();

  /** @param patience ms for which a confirmed hang without a proof may go on */
  constructor(patience: number, stop: () => void) {
    this.#patience = patience;
    this.#stop = stop;
  }

  condition({ node, condition }: NodeVerdict): void {
    if (condition === "dead") this.#stop();
    if (!HANGS.includes(condition)) {
      clearTimeout(this.#timers.get(node));
      this.#timers.delete(node);
    } else if (!this.#timers.has(node)) {
      this.#timers.set(node, setTimeout(this.#stop, this.#patience));
    }
  }

  proved(): void {
    this.#stop();
  }

  /** Nothing more is waited for. */
  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }
}
