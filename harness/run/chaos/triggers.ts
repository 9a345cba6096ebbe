import { unlessAborted, withResolvers } from "../../base/deadline.ts";
import type { Cluster } from "../../cluster/cluster.ts";
import type { SlotStep } from "../../cluster/slot-moves/slot-transit.ts";
import { type SyncStep, syncFraction } from "../../cluster/sync-progress.ts";
import { matchesState } from "../../experiment/matcher.ts";
import { means, selectNode } from "../../faults/selector.ts";
import type { Emit, NodeState } from "../../journal/events.ts";
import { occurrenceOf, type PlannedCondition } from "../../journal/plan.ts";
import { waitSinceStart } from "./since-start.ts";
import { StatePolls } from "./state-polls.ts";
import { waitForSyncBytes } from "./sync-bytes.ts";

const UNDER_WAY: readonly SyncStep["step"][] = ["start", "progress", "restoring"];

const isOfSlots = ({ state }: Extract<PlannedCondition, { kind: "state" }>): boolean =>
  state === "migrating" || state === "importing";

/** Returns whether it has waited for this state. */
type StateListener = (node: string, state: NodeState) => boolean;

/**
 * Waits for states, log lines, bytes, starts and pauses, fed by the watchdog's polls, the followed logs and faults. It asks servers itself
 * only while a state of theirs is waited for.
 */
export class TriggerSource {
  readonly #cluster: Cluster;
  readonly #polls: StatePolls;
  readonly #states = new Set<StateListener>();
  #latest = new Map<string, NodeState>();
  readonly #pauses = new Set<(fault: string) => void>();

  constructor(cluster: Cluster, emit: Emit) {
    this.#cluster = cluster;
    this.#polls = new StatePolls(cluster, (node, state) => {
      if (this.state(node, state)) emit({ type: "node-state", node, state });
    });
  }

  /** Every poll of every node goes through here. Returns whether somebody has waited for this state. */
  state(node: string, state: NodeState): boolean {
    this.#latest.set(node, state);
    return [...this.#states].filter((listener) => listener(node, state)).length > 0;
  }

  /** A thread begins to pause by this occurrence of a fault. */
  paused(id: string): void {
    for (const listener of [...this.#pauses]) listener(occurrenceOf(id).fault);
  }

  /**
   * Resolves when the condition is true, with what was measured where that says more than the condition; rejects when the
   * signal fires.
   * @param anew a state that is there already does not count: it must go first and come again
   */
  async wait(condition: PlannedCondition, signal: AbortSignal, anew = false): Promise<string | null> {
    if (condition.kind === "pause") return this.#waitForPause(condition, signal);
    const node = (): string => selectNode(this.#cluster, condition.node).name;
    const wait = { cluster: this.#cluster, node, anew, signal };
    if (condition.kind === "since-start") return waitSinceStart({ ...wait, after: condition.after });
    if (condition.kind === "sync-bytes") {
      const syncing = (name: string): boolean => this.#latest.get(name)?.syncing ?? false;
      return waitForSyncBytes({ ...wait, bytes: condition.bytes, syncing });
    }
    signal.throwIfAborted();
    const { promise, resolve } = withResolvers();
    const stop =
      condition.kind === "log"
        ? this.#onLog(condition, resolve)
        : isOfSlots(condition)
          ? this.#onSlots(condition, anew, resolve)
          : this.#onState(condition, anew, resolve);
    await unlessAborted(promise, signal).finally(stop);
    return null;
  }

  async #waitForPause(
    { fault, nth }: Extract<PlannedCondition, { kind: "pause" }>,
    signal: AbortSignal,
  ): Promise<null> {
    signal.throwIfAborted();
    const { promise, resolve } = withResolvers();
    let left = nth;
    const hear = (paused: string): void => {
      if (paused === fault && --left === 0) resolve();
    };
    this.#pauses.add(hear);
    await unlessAborted(promise, signal).finally(() => this.#pauses.delete(hear));
    return null;
  }

  // Roles move: which node is meant is asked at every event, not once.
  #onLog({ node: meant, pattern, nth }: Extract<PlannedCondition, { kind: "log" }>, seen: () => void): () => void {
    const wanted = new RegExp(pattern);
    let left = nth;
    return this.#cluster.onLogLine((node, line) => {
      if (!means(this.#cluster, meant, node) || !wanted.test(line)) return;
      left -= 1;
      if (left === 0) seen();
    });
  }

  /** A slot is on its way from, or to, the shard of the node that is meant. */
  #onSlots(condition: Extract<PlannedCondition, { kind: "state" }>, anew: boolean, seen: () => void): () => void {
    const { slots } = this.#cluster;
    const ofShard = (node: string): boolean =>
      [...this.#cluster.nodes].some(
        ({ name }) => means(this.#cluster, condition.node, name) && slots?.masterOf(name) === node,
      );
    let armed = !anew;
    const hear = (step: SlotStep): void => {
      const matches = step.open && step.progress >= (condition.progress ?? 0);
      if (!ofShard(condition.state === "migrating" ? step.from : step.to)) return;
      if (matches && armed) seen();
      armed ||= !matches;
    };
    const stop = slots?.onStep(hear);
    for (const step of slots?.steps ?? []) hear(step);
    return () => stop?.();
  }

  #onState(condition: Extract<PlannedCondition, { kind: "state" }>, anew: boolean, seen: () => void): () => void {
    let armed = !anew;
    let over = false;
    const isMeant = (node: string): boolean => means(this.#cluster, condition.node, node);
    const hear = (node: string, matches: boolean): boolean => {
      if (over || !isMeant(node)) return false;
      over = matches && armed;
      if (over) seen();
      armed ||= !matches;
      return over;
    };
    const look: StateListener = (node, state) => hear(node, matchesState(condition, state));
    this.#states.add(look);
    const stopSync = this.#onSync(condition, hear);
    const stopPolls = this.#polls.follow(isMeant);
    for (const [node, state] of this.#latest) look(node, state);
    return () => {
      over = true;
      this.#states.delete(look);
      stopSync();
      stopPolls();
    };
  }

  /** A full sync can begin and end between two polls, and INFO may not say how far it is; the server's log tells. */
  #onSync(
    { state, progress }: Extract<PlannedCondition, { kind: "state" }>,
    hear: (node: string, matches: boolean) => unknown,
  ): () => void {
    if (state !== "full-sync") return () => {};
    const matches = (step: SyncStep): boolean => {
      if (!UNDER_WAY.includes(step.step)) return false;
      const fraction = syncFraction(step);
      return progress === null || (fraction !== null && fraction >= progress);
    };
    const stop = this.#cluster.onFullSync((step) => hear(step.node, matches(step)));
    for (const { name } of this.#cluster.nodes) {
      const now = this.#cluster.fullSync(name);
      if (now) hear(name, matches(now));
    }
    return stop;
  }
}
