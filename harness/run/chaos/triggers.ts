import type { Cluster } from "../../cluster/cluster.ts";
import { type SyncStep, syncFraction } from "../../cluster/sync-progress.ts";
import { matchesState } from "../../experiment/matcher.ts";
import { means, selectNode } from "../../faults/selector.ts";
import type { NodeState } from "../../journal/events.ts";
import type { PlannedCondition } from "../../journal/plan.ts";
import { waitSinceStart } from "./since-start.ts";
import { waitForSyncBytes } from "./sync-bytes.ts";

const UNDER_WAY: readonly SyncStep["step"][] = ["start", "progress", "restoring"];

type Listener<T> = (node: string, value: T) => void;

/** Waits for states, log lines, bytes and starts of nodes, fed by the watchdog's polls and the followed logs: it asks no server. */
export class TriggerSource {
  readonly #cluster: Cluster;
  readonly #states = new Set<Listener<NodeState>>();
  #latest = new Map<string, NodeState>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Every poll of every node goes through here. */
  state(node: string, state: NodeState): void {
    this.#latest.set(node, state);
    for (const listener of [...this.#states]) listener(node, state);
  }

  /**
   * Resolves when the condition is true, with what was measured where that says more than the condition; rejects when the
   * signal fires.
   * @param anew a state that is there already does not count: it must go first and come again
   */
  async wait(condition: PlannedCondition, signal: AbortSignal, anew = false): Promise<string | null> {
    if (condition.kind === "since-start") {
      const node = () => selectNode(this.#cluster, condition.node).name;
      return waitSinceStart({ cluster: this.#cluster, node, after: condition.after, anew, signal });
    }
    if (condition.kind === "sync-bytes") {
      return waitForSyncBytes({
        cluster: this.#cluster,
        node: () => selectNode(this.#cluster, condition.node).name,
        bytes: condition.bytes,
        anew,
        syncing: (node) => this.#latest.get(node)?.syncing ?? false,
        signal,
      });
    }
    await this.#see(condition, signal, anew);
    return null;
  }

  #see(
    condition: Extract<PlannedCondition, { kind: "state" | "log" }>,
    signal: AbortSignal,
    anew: boolean,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      let stop: () => void = () => {};
      let over = false;
      const abort = (): void => {
        stop();
        reject(signal.reason);
      };
      const done = (): void => {
        over = true;
        stop();
        signal.removeEventListener("abort", abort);
        resolve();
      };
      if (signal.aborted) return abort();
      signal.addEventListener("abort", abort, { once: true });
      // Roles move: which node is meant is asked at every event, not once.
      const meant = (node: string): boolean => means(this.#cluster, condition.node, node);
      if (condition.kind === "log") {
        const pattern = new RegExp(condition.pattern);
        let left = condition.nth;
        stop = this.#cluster.onLogLine((node, line) => {
          if (!meant(node) || !pattern.test(line)) return;
          left -= 1;
          if (left === 0) done();
        });
        return;
      }
      let armed = !anew;
      const look: Listener<NodeState> = (node, state) => {
        if (!meant(node)) return;
        const matches = matchesState(condition, state);
        if (matches && armed) done();
        else if (!matches) armed = true;
      };
      this.#states.add(look);
      const stopSync = this.#onSync(condition, meant, (matches) => {
        if (matches && armed) done();
        else if (!matches) armed = true;
      });
      stop = () => {
        this.#states.delete(look);
        stopSync();
      };
      // It may have been there already, before there was anything to stop.
      if (over) return stop();
      for (const [node, state] of this.#latest) look(node, state);
    });
  }

  /** A full sync can begin and end between two polls, and INFO may not say how far it is; the server's log tells. */
  #onSync(
    { state, progress }: Extract<PlannedCondition, { kind: "state" }>,
    meant: (node: string) => boolean,
    heard: (matches: boolean) => void,
  ): () => void {
    if (state !== "full-sync") return () => {};
    const matches = (step: SyncStep): boolean => {
      if (!UNDER_WAY.includes(step.step)) return false;
      const fraction = syncFraction(step);
      return progress === null || (fraction !== null && fraction >= progress);
    };
    const stop = this.#cluster.onFullSync((step) => {
      if (meant(step.node)) heard(matches(step));
    });
    for (const { name } of this.#cluster.nodes) {
      const now = this.#cluster.fullSync(name);
      if (now && meant(name)) heard(matches(now));
    }
    return stop;
  }
}
