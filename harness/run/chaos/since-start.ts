import { ChaosError } from "../../base/chaos-error.ts";
import { sleep } from "../../base/deadline.ts";
import { formatDuration } from "../../base/units.ts";
import type { Cluster } from "../../cluster/cluster.ts";

/** Between two looks at what the engine last said of the container. */
const EVERY_MS = 50;
/** A moment that was missed by more than this, because it is waited for only since then, is not the one that was asked for. */
const MISSED_MS = 1_000;

/** What both waits of a trigger for a measured value have. */
export interface NodeWait<C> {
  cluster: C;
  /** The node that is meant at this moment. */
  node(): string;
  /** What was there already when the wait began (a start, a full sync that is under way) does not count. */
  anew: boolean;
  /** The end of the chaos phase: nothing waits longer. */
  signal: AbortSignal;
}

/**
 * Resolves, with what was measured, when a node's server was last started `after` ms ago. A moment that is past already does
 * not come again before the next start; rejects when the signal fires, and then says so.
 */
export async function waitSinceStart({
  cluster,
  node,
  after,
  anew,
  signal,
}: NodeWait<Pick<Cluster, "nodes" | "node">> & { after: number }): Promise<string> {
  const starts = new Starts(cluster);
  const begun = performance.now();
  const old = new Map(anew ? cluster.nodes.map(({ name }) => [name, starts.of(name)]) : []);
  let missed: string | null = null;
  for (;;) {
    const name = node();
    const started = starts.of(name);
    const due = started === null ? null : started + after;
    if (due !== null && started !== old.get(name)) {
      const now = performance.now();
      if (due < begun - MISSED_MS) missed = missedText(name, begun - (started as number), after);
      else if (now >= due) return `${name} was started ${tenths(now - due + after)} ago`;
    }
    const pause = due === null ? EVERY_MS : Math.min(EVERY_MS, Math.max(1, due - performance.now()));
    await sleep(pause, signal).catch((error: unknown) => {
      throw missed === null ? error : new ChaosError("timeout", missed);
    });
  }
}

const tenths = (ms: number): string => formatDuration(Math.round(ms / 100) * 100);

function missedText(node: string, up: number, after: number): string {
  const since = tenths(up);
  return `${node} had been started ${since} before it was waited for, more than ${formatDuration(after)}, and was not started again`;
}

/** When servers were last started, ms of performance.now(), by what the engine said of their containers. */
class Starts {
  readonly #cluster: Pick<Cluster, "node">;
  readonly #known = new Map<string, number>();

  constructor(cluster: Pick<Cluster, "node">) {
    this.#cluster = cluster;
  }

  /** null: it is down, or nobody knows. The engine tells the time of day: it is read once, so that no clock that is set matters. */
  of(name: string): number | null {
    const { running, startedAt } = this.#cluster.node(name).containerState();
    if (!running || startedAt === null) return null;
    const known = this.#known.get(startedAt);
    if (known !== undefined) return known;
    const started = performance.now() - (Date.now() - Date.parse(startedAt));
    this.#known.set(startedAt, started);
    return started;
  }
}
