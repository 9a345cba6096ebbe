import { covered, type Span } from "../base/span.ts";
import { formatSeconds } from "../base/units.ts";
import type { NodeState } from "../journal/events.ts";

/** A replica's master as the watchdog sees it. */
export interface MasterView {
  name: string;
  /** It answers, and we do not hold it stopped. */
  available: boolean;
  /** From the master's own INFO. */
  offset: number | null;
}

export interface Stall {
  since: number;
  why: string;
}

/*
 *   own offset moved (or caught up, or a full sync progressed) ──► clock off
 *   then the master's offset moves                             ──► clock starts
 *   clock runs for stallAfter                                  ──► stalled
 *
 * The clock starts at the master's movement, not at the replica's last one: an idle pair stands still without being
 * stalled, and one write after a quiet hour must not count as an hour.
 * A node that says it is a master follows nobody: it is wrong about its role (one-master's business), not stalled.
 */

/** Is one replica frozen while its master moves? Fed with every INFO of the replica. */
export class StallRule {
  readonly #stallAfter: number;
  #master: string | null = null;
  #masterOffset: number | null = null;
  #own: number | null = null;
  #progress: number | null = null;
  #began: number | null = null;

  constructor(stallAfter: number) {
    this.#stallAfter = stallAfter;
  }

  reset(): void {
    this.#master = null;
    this.#masterOffset = null;
    this.#began = null;
  }

  /** @param progressed files or bytes of a full sync arrived since the last call */
  observe(
    t: number,
    state: NodeState,
    master: MasterView | null,
    starved: readonly Span[],
    progressed: boolean,
  ): Stall | null {
    if (!master?.available || master.offset === null || state.role === "master") {
      this.reset();
      return null;
    }
    const moved = state.offset !== this.#own;
    const synced = state.syncing && (progressed || state.syncProgress !== this.#progress);
    const caughtUp = state.link === "up" && state.offset !== null && state.offset >= master.offset;
    const undecidable = state.offset === null && state.link === "up";
    this.#own = state.offset;
    this.#progress = state.syncProgress;
    if (master.name !== this.#master || moved || synced || caughtUp || undecidable) {
      this.#master = master.name;
      this.#masterOffset = master.offset;
      this.#began = null;
      return null;
    }
    if (this.#began === null && master.offset !== this.#masterOffset) this.#began = t;
    if (this.#began === null) return null;
    const lasted = t - this.#began - covered(starved, { from: this.#began, to: t });
    if (lasted < this.#stallAfter) return null;
    const own = state.offset === null ? "its offset is unknown" : `its offset stays at ${state.offset}`;
    const link = state.syncing
      ? "in a full sync without progress"
      : `link ${state.link}${state.linkDetail ? ` ${state.linkDetail}` : ""}`;
    return {
      since: this.#began,
      why: `${own} (${link}) for ${formatSeconds(t - this.#began)} while master ${master.name} moved to ${master.offset}`,
    };
  }
}
