import assert from "node:assert/strict";
import { lockGraph, type SaidGraph } from "../../testing/locks/lock-graph.support.ts";
import { foretell } from "../foretell.ts";

/** cron holds A while it joins worker `n`, which has wanted A. */
const joins = (n: number, waited: boolean): SaidGraph["dependencies"] => [
  { by: [n], wants: "A:w in Worker::Run" },
  { by: [1], holds: ["A:r in Server::Cron"], wants: `thread ${n} in Worker::Join`, waited },
];

async function told(...dependencies: SaidGraph["dependencies"][]) {
  const { graph, naming } = lockGraph({ threads: ["cron", "worker", "worker"], dependencies: dependencies.flat() });
  const { predictions, incomplete } = await foretell(graph, naming);
  return { count: predictions.length, incomplete };
}

describe("joins that never had to wait", () => {
  it("are in no cycle that is told where there were several in one place, which is said", async () => {
    assert.deepEqual(await told(joins(2, false), joins(3, false)), {
      count: 0,
      incomplete: [
        "a cycle with a join that never waited is not told: cron joined 2 threads in Worker::Join, and each had ended by then",
      ],
    });
  });

  it("are in one that is told where there was but one, or one of them had to wait", async () => {
    assert.deepEqual(await told(joins(2, false)), { count: 1, incomplete: [] });
    assert.deepEqual(await told(joins(2, false), joins(3, true)), { count: 1, incomplete: [] });
  });
});
