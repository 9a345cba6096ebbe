import assert from "node:assert/strict";
import type { Finding, Verdict } from "../../journal/events.ts";
import { recordOf } from "../../journal/record.ts";
import { matrixTable, pairings } from "./matrix-table.ts";

const record = recordOf([{ t: 10_000, type: "phase", phase: "chaos", step: "begin" }]);

function finding(type: Finding["type"], kind: string, from: number): Finding {
  return { type, class: kind, node: "r1", from, to: null, summary: "", proof: null, evidence: [] };
}

function run(verdict: Verdict, ...findings: Finding[]) {
  return { verdict, findings, record };
}

describe("the matrix", () => {
  it("counts verdicts and kinds of findings per image, and the median time to the first finding", () => {
    const results = [
      run("fail", finding("hang", "deadlocked", 12_000), finding("hang", "blocked-command", 11_000)),
      run("fail", finding("hang", "deadlocked", 15_000)),
      run("fail", finding("hang", "deadlocked", 13_000), finding("hang", "deadlocked", 14_000)),
      run("inconclusive"),
      run("error"),
    ];
    const [, row] = matrixTable([{ image: "kvrocks:old", results }]);
    assert.deepEqual(row, [
      "kvrocks:old",
      "5",
      "0",
      "3",
      "1",
      "1",
      "3s",
      "hang/deadlocked ×3, hang/blocked-command ×1",
    ]);
  });

  it("has two columns for what masters and replicas ran on, where they were mixed", () => {
    const [head, row] = matrixTable([{ image: "pika:old", replicas: "pika:new", results: [run("pass")] }]);
    assert.deepEqual(head?.slice(0, 3), ["MASTERS", "REPLICAS", "RUNS"]);
    assert.deepEqual(row?.slice(0, 3), ["pika:old", "pika:new", "1"]);
  });

  it("mixes masters on each image with replicas on each, their own included", () => {
    const tried = pairings(["redis:a", "redis:b"]);
    assert.deepEqual(
      tried.map(({ image, nodes }) => [image, nodes?.masters, nodes?.replicas]),
      [
        ["redis:a", "redis:a", "redis:a"],
        ["redis:a", "redis:a", "redis:b"],
        ["redis:b", "redis:b", "redis:a"],
        ["redis:b", "redis:b", "redis:b"],
      ],
    );
    assert.ok(tried.every(({ replicas, nodes }) => replicas === nodes?.replicas));
  });

  it("shows an image that was clean", () => {
    const [, row] = matrixTable([{ image: "kvrocks:new", results: [run("pass"), run("pass")] }]);
    assert.deepEqual(row, ["kvrocks:new", "2", "2", "0", "0", "0", "-", "-"]);
  });
});
