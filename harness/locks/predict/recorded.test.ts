import assert from "node:assert/strict";
import { type RecordedGraph, recordedGraph } from "../../testing/locks/recorded-graph.support.ts";
import { foretell } from "../foretell.ts";
import { explain } from "./explain.ts";

/** What is predicted of it, the first sentence of each. */
async function predicted(mode: RecordedGraph): Promise<string[]> {
  const { graph, naming } = recordedGraph(mode);
  const { predictions, waits, incomplete } = await foretell(graph, naming);
  assert.deepEqual([waits, incomplete], [[], []]);
  return predictions.map((one) => `${explain(one).split(". ")[0]}`);
}

describe("what is predicted of recorded programs", () => {
  it("is of one that holds a lock and joins a thread that wants it: just that", async () => {
    assert.deepEqual(await predicted("switch"), [
      "deadlock holds rwlock A (exclusive, in switching_worker) and waits for the end of master-repl (in switching_worker); " +
        "master-repl wants rwlock A (exclusive, in master_repl)",
    ]);
  });

  it("is of one that takes two locks in both orders: just that", async () => {
    assert.deepEqual(await predicted("readers"), [
      "info holds rwlock A (shared, in info) and wants mutex B (in info); " +
        "deadlock holds mutex B (in holding_writer) and wants rwlock A (exclusive, in holding_writer)",
    ]);
  });

  it("is of one that takes its own mutex again: that it waits for itself", async () => {
    const { graph, naming } = recordedGraph("flush");
    assert.deepEqual(
      (await foretell(graph, naming)).predictions.map((one) => [one.kind, explain(one)]),
      [["itself", "deadlock holds mutex A (in flusher) and wants it again (in flusher): it waits for itself."]],
    );
  });

  it("is nothing of healthy ones, even where locks are taken in both orders under a third", async () => {
    assert.deepEqual(await predicted("idle"), []);
    assert.deepEqual(await predicted("busy"), []);
    const { graph, naming } = recordedGraph("busy");
    const ungated = graph.dependencies.map((one) => ({ ...one, holds: one.holds.slice(1) }));
    assert.equal(
      (await foretell({ ...graph, dependencies: ungated }, naming)).predictions.length,
      1,
      "without the third",
    );
  });

  it("of a server is told by who had the guards taken, in whatever order it was written down", async () => {
    const { graph, naming } = recordedGraph("kvrocks");
    const { predictions } = await foretell(graph, naming);
    assert.deepEqual(
      predictions.map((one) => explain(one).split(". ")[0]),
      [
        "worker holds rwlock A (exclusive, in redis::Connection::ExecuteCommands) and waits for the end of master-repl (in ReplicationThread::Stop); " +
          "master-repl wants rwlock A (exclusive, in Server::PrepareRestoreDB)",
        ...["exclusive", "shared"].map(
          (mode) =>
            "worker holds rwlock A (exclusive, in redis::Connection::ExecuteCommands) and waits for the end of master-repl (in ReplicationThread::Stop); " +
            "master-repl wants rwlock B (exclusive, in engine::Storage::CloseDB); " +
            "server-cron holds rwlock B (shared, in Server::cron) and waits for the end of worker (in WorkerThread::Join); " +
            `another worker wants rwlock A (${mode}, in redis::Connection::ExecuteCommands)`,
        ),
      ],
    );
    const reversed = await foretell({ ...graph, dependencies: graph.dependencies.toReversed() }, naming);
    const signatures = (all: typeof predictions): string[] => all.map(({ signature }) => signature);
    assert.deepEqual(signatures(reversed.predictions), signatures(predictions));
  });
});
