import type { Clock } from "../../base/clock.ts";
import type { NodeState } from "../../journal/events.ts";

export interface SeenState {
  t: number;
  state: NodeState;
}

/** The states that the watchdog's polls have seen, with their times. Bounded: the latest few minutes at 1 Hz. */
export class SeenStates {
  readonly #clock: Clock;
  readonly #seen = new Map<string, SeenState[]>();
  static readonly #KEEP = 600;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(node: string, state: NodeState): void {
    const list = this.#seen.get(node) ?? [];
    this.#seen.set(node, list);
    list.push({ t: this.#clock.now(), state });
    if (list.length > SeenStates.#KEEP) list.shift();
  }

  last(node: string): SeenState | undefined {
    return this.#seen.get(node)?.at(-1);
  }

  /** The first state seen later than `t`. */
  firstAfter(node: string, t: number): SeenState | undefined {
    return this.#seen.get(node)?.find((seen) => seen.t > t);
  }
}
