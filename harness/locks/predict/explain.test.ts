import assert from "node:assert/strict";
import { lockGraph, type SaidGraph } from "../../testing/locks/lock-graph.support.ts";
import { foretell } from "../foretell.ts";
import { explain, explainWait } from "./explain.ts";

async function explained(said: SaidGraph): Promise<string[]> {
  const { graph, naming } = lockGraph(said);
  return (await foretell(graph, naming)).predictions.map(explain);
}

describe("a prediction in words", () => {
  it("says who holds and who wants what, in which functions, and how close they came", async () => {
    const said: SaidGraph = {
      threads: ["worker", "master-repl"],
      dependencies: [
        { by: [2], wants: "G:w in Replication::Run", at: [4000] },
        { by: [1], holds: ["G:w in Server::AddMaster"], wants: "thread 2 in Replication::Stop", at: [1700] },
      ],
    };
    assert.deepEqual(await explained(said), [
      "worker holds rwlock A (exclusive, in Server::AddMaster) and waits for the end of master-repl (in Replication::Stop); " +
        "master-repl wants rwlock A (exclusive, in Replication::Run). The two came as close as 2.3 s.",
    ]);
  });

  it("says where a thread that is joined had always ended by then, and tells such a cycle last", async () => {
    const side = (n: number, waited: boolean): SaidGraph["dependencies"] => [
      { by: [n], wants: `G${n}:w in Run`, at: [n] },
      { by: [1], holds: [`G${n}:r in Cron${n}`], wants: `thread ${n} in Stop${n}`, at: [n], waited },
    ];
    const threads = ["cron", "worker", "repl"];
    const all = await explained({ threads, dependencies: [...side(2, false), ...side(3, true)] });
    assert.deepEqual(
      all.map((text) => text.split(". ")[1]),
      ["The two came as close as 0 ms.", "The two came as close as 0 ms"],
    );
    assert.ok(all[0]?.includes("Cron3"));
    assert.ok(all[1]?.endsWith(". Whenever cron waited for the end of worker, that had come already."));
    const both = side(2, true).map((one) => ({ ...one, by: one.by[0] === 1 ? [4] : one.by }));
    const [one, ...others] = await explained({
      threads: [...threads, "cron"],
      dependencies: [...side(2, false), ...both],
    });
    assert.deepEqual([one?.includes("already"), others], [false, []], "it did wait once");
  });

  it("tells two threads of one pool apart, and how many sets of locks it was", async () => {
    const pair = (n: number): SaidGraph["dependencies"] => [
      { by: [1, 2], holds: [`A${n} in Get`], wants: `B${n} in Put`, at: [n * 1000] },
      { by: [1, 2], holds: [`B${n} in Scan`], wants: `A${n} in Drop`, at: [n * 1000 + 20] },
    ];
    assert.deepEqual(await explained({ threads: ["w-1", "w-2"], dependencies: [...pair(1), ...pair(2)] }), [
      "w-# holds mutex A (in Scan) and wants mutex B (in Drop); another w-# holds mutex B (in Get) and wants mutex A (in Put). " +
        "The two came as close as 20 ms, with 2 sets of such locks.",
    ]);
  });

  it("names the writer that it takes between readers", async () => {
    const said: SaidGraph = {
      threads: ["info", "flush"],
      dependencies: [
        { by: [1], holds: ["L:r in Info"], wants: "L:r in Size", prefersWriter: true, itself: true, at: [5] },
        { by: [2], wants: "L:w in Flush", at: [105] },
      ],
    };
    assert.deepEqual(await explained(said), [
      "info holds rwlock A (shared, in Info) and wants it again (shared, in Size): it waits for itself. " +
        "It takes a writer between the readers: flush wants rwlock A (exclusive, in Flush). The two came as close as 100 ms.",
    ]);
  });
});

describe("waits while a lock is held", () => {
  it("are told by their functions, the longest first, with the time on the run's clock", async () => {
    const wait = {
      for: "join" as const,
      stack: null,
      count: 1,
      holds: ["L:w in Server::Stop"],
      in: "Replication::Stop",
    };
    const { graph, naming } = lockGraph({
      threads: [],
      dependencies: [],
      waits: [
        { ...wait, thread: "worker-1", longest: 300, at: 10 },
        { ...wait, thread: "worker-2", longest: 9100, at: 20, count: 2 },
        { ...wait, thread: "bg", for: "io", longest: 700, at: 30, holds: ["A in Save", "B in Sync"], in: "Sync" },
      ],
    });
    const { waits } = await foretell(graph, naming, 1000);
    assert.deepEqual(
      waits.map(({ thread, longest, count, at }) => [thread, longest, count, at]),
      [
        ["worker-#", 9100, 3, 1020],
        ["bg", 700, 1, 1030],
      ],
    );
    assert.deepEqual(waits.map(explainWait), [
      "worker-# held rwlock A (exclusive, in Server::Stop) for 9.1 s while it waited for the end of a thread (in Replication::Stop); " +
        "3 times, this was the longest.",
      "bg held mutex A (in Save) and mutex B (in Sync) for 700 ms while it waited for input or output (in Sync).",
    ]);
  });
});
