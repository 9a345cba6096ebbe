import assert from "node:assert/strict";
import { type RecordedGraph, recordedGraph } from "../../testing/locks/recorded-graph.support.ts";
import { explain } from "./explain.ts";
import { longWaits } from "./long-waits.ts";
import { predict } from "./predict.ts";

/** What is predicted of it, the first sentence of each. */
function predicted(mode: RecordedGraph): string[] {
  const { graph, naming } = recordedGraph(mode);
  const { predictions, incomplete } = predict(graph, naming);
  assert.equal(incomplete, null);
  return predictions.map((one) => `${explain(one).split(". ")[0]}`);
}

describe("what is predicted of recorded programs", () => {
  it("is of one that holds a lock and joins a thread that wants it: just that", () => {
    assert.deepEqual(predicted("switch"), [
      "deadlock holds rwlock A (exclusive, in switching_worker) and waits for the end of master-repl (in switching_worker); " +
        "master-repl wants rwlock A (exclusive, in master_repl)",
    ]);
  });

  it("is of one that takes two locks in both orders: just that", () => {
    assert.deepEqual(predicted("readers"), [
      "info holds rwlock A (shared, in info) and wants mutex B (in info); " +
        "deadlock holds mutex B (in holding_writer) and wants rwlock A (exclusive, in holding_writer)",
    ]);
  });

  it("is of one that takes its own mutex again: that it waits for itself", () => {
    const { graph, naming } = recordedGraph("flush");
    assert.deepEqual(
      predict(graph, naming).predictions.map((one) => [one.kind, explain(one)]),
      [["itself", "deadlock holds mutex A (in flusher) and wants it again (in flusher): it waits for itself."]],
    );
  });

  it("is nothing of healthy ones, even where locks are taken in both orders under a third", () => {
    assert.deepEqual(predicted("idle"), []);
    assert.deepEqual(predicted("busy"), []);
    const { graph, naming } = recordedGraph("busy");
    const ungated = graph.dependencies.map((one) => ({ ...one, holds: one.holds.slice(1) }));
    assert.equal(predict({ ...graph, dependencies: ungated }, naming).predictions.length, 1, "without the third");
    assert.deepEqual(longWaits(graph, naming), []);
  });
});
