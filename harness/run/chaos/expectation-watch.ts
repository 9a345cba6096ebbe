import type { Cluster } from "../../cluster/cluster.ts";
import { means } from "../../faults/selector.ts";
import type { Expectation } from "../../journal/expectation.ts";
import type { RunContext } from "../run-context.ts";

/** A pattern that matches everything must not fill the journal. */
const MOST_LINES = 1_000;

/** Journals every log line that an expectation of the experiment waits for, from now on. The rest is judged from the journal alone. */
export function watchExpectations(
  { options, emit }: Pick<RunContext, "emit"> & { options: { plan: { experiment: Watched } } },
  cluster: Pick<Cluster, "onLogLine" | "nodes" | "sentinels" | "helpers" | "topology">,
): void {
  for (const { id, node: selector, what } of options.plan.experiment.expectations) {
    if (what.kind !== "log" || selector === null) continue;
    const pattern = new RegExp(what.pattern);
    let count = 0;
    const stop = cluster.onLogLine((node, line) => {
      // Roles move: which node is meant is asked at every line.
      if (!pattern.test(line) || !means(cluster, selector, node)) return;
      count++;
      const last = count === MOST_LINES;
      emit({ type: "expectation-match", id, node, line: line.slice(0, 2_000), ...(last ? { last } : {}) });
      if (last) stop();
    });
  }
}

interface Watched {
  expectations: readonly Expectation[];
}
