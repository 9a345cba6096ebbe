import { strict as assert } from "node:assert";
import { namingOf } from "../../testing/locks/lock-graph.support.ts";
import { lockPrograms, nested } from "../../testing/locks/lock-program.support.ts";
import { foretell } from "../foretell.ts";
import type { LockGraph } from "../graph.ts";

/** By mode of lock-cases.c: what was taken with something in hand. */
const NESTED: Readonly<Record<string, readonly string[]>> = {
  // The same memory, but nobody called anything to make the second lock there.
  reused: ["one: a > b", "one: a > r#2", "one: b#2 > a", "one: r(r) > a"],
  // Another thread has tried to release it and could not.
  "not-owner": ["one: c > <two>", "one: c > a", "one: c a > b"],
  // Waits that were refused: the one mutex was never free, the other never held.
  "wrong-wait": ["one: b > a", "one: b > d", "one: b d > e"],
  robust: ["one: b > c", "one: b > c#2", "one: c > a", "one: c a > b"],
  priority: ["one: c c > d", "one: d > a"],
  // Who ends holds nothing any more, and whoever has its place has not inherited it.
  dies: ["three: b > c"],
  "hand-over-hand": ["one: a > b", "one: b > c", "one: c > d"],
  // What a child of its own does with it is nothing of this process.
  shared: ["one: b > shared", "one: shared > a", "one: shared a > b"],
  "cancelled-join": ["one: b > a", "two: a > <forever>"],
};

const naming = namingOf("/lock-cases", () => null, {});

describe("the library that sees locks, misled", function () {
  this.timeout(600_000);
  const programs = lockPrograms("lock-cases.c");

  async function run(mode: string): Promise<{ graph: LockGraph; names: ReadonlyMap<string, string> }> {
    const one = await programs.make();
    const { graphs, names } = await one.run(mode);
    const [graph = assert.fail("no graph")] = graphs;
    return { graph, names };
  }

  for (const [mode, expected] of Object.entries(NESTED)) {
    it(`is not by ${mode}`, async () => {
      const { graph, names } = await run(mode);
      assert.deepEqual(nested(graph, names), [...expected].sort());
      assert.deepEqual(graph.lost, []);
    });
  }

  it("knows the later name of a thread that still runs", async () => {
    const { graph } = await run("renamed");
    assert.deepEqual(
      graph.dependencies.filter(({ holds }) => holds.length > 0).map(({ thread }) => thread),
      ["one", "later"],
    );
    assert.equal(graph.threads.get(2)?.name, "later");
  });

  it("notes the same again where its thread has started or joined another since, within one tick", async () => {
    const { graph, names } = await run("epochs");
    const [one] = graph.dependencies.filter(({ holds, thread }) => holds.length > 0 && thread === "one");
    assert.deepEqual(nested(graph, names), ["one: a > b", "two: a > c"]);
    assert.deepEqual(one?.by, [{ thread: 2, from: 0, to: 2 }]);
  });

  it("tells whether a thread had ended when it was joined", async () => {
    for (const [mode, waited] of [
      ["ended", false],
      ["waited", true],
    ] as const) {
      const { graph } = await run(mode);
      const joins = graph.dependencies.filter(({ thread, wants }) => thread === "one" && wants.kind === "thread");
      assert.deepEqual(
        joins.map((join) => join.waited),
        [waited],
      );
    }
  });

  it("knows what a thread's maker held all its life, which keeps it apart from others", async () => {
    const seen: Record<string, number> = {};
    for (const mode of ["under", "under-child", "under-broken"]) {
      const { graph } = await run(mode);
      seen[mode] = (await foretell(graph, naming)).predictions.length;
    }
    assert.deepEqual(seen, { under: 0, "under-child": 0, "under-broken": 1 });
  });
});
