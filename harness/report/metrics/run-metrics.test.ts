import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { JournalEvent } from "../../journal/events.ts";
import { sampleRun } from "../../testing/samples/run.support.ts";
import { RunMetrics } from "./run-metrics.ts";

/** Values by series, as the page says them. */
async function valuesOf(metrics: RunMetrics): Promise<Record<string, number>> {
  const lines = (await metrics.text()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.split(" ").at(-1))]),
  );
}

describe("metrics", () => {
  const { events } = sampleRun();
  const begins = events.find(({ type }) => type === "run") as JournalEvent;
  const of = 'experiment="any/sample",image="apache/kvrocks:2.9.0"';
  const run = `run="run-1",${of}`;
  const begun = (): RunMetrics => {
    const metrics = new RunMetrics();
    metrics.onEvent({ ...begins, runId: "run-1", image: "apache/kvrocks:2.9.0" } as JournalEvent, "run-1");
    return metrics;
  };
  const state = (node: string, role: string, offset: number | null, link = "up"): JournalEvent => {
    const base = events.find(({ type }) => type === "node-state") as JournalEvent & { state: object };
    return {
      ...base,
      t: 1,
      node,
      state: { ...base.state, role, offset, link, syncing: false, loading: false },
    } as JournalEvent;
  };

  it("add up what loads, probes, faults and verdicts of all runs were", async () => {
    const metrics = begun();
    const counts = Array.from({ length: 16 }, (_, i) => (i === 2 ? 3 : i === 15 ? 1 : 0));
    const load = {
      t: 1,
      type: "load",
      load: "set",
      seconds: 1,
      ok: 3,
      fail: 1,
      info: 0,
      errors: { READONLY: 1 },
    } as const;
    const rest = { latency: null, connected: 7, connections: 8, spread: { counts, sumMs: 12_000 } } as const;
    for (let i = 0; i < 2; i++) metrics.onEvent({ ...load, ...rest }, "run-1");
    metrics.onEvent({ t: 2, type: "verdict", verdict: "fail", reasons: [] }, "run-1");
    const values = await valuesOf(metrics);
    assert.equal(values[`kvchaos_load_operations_total{${of},load="set",outcome="ok"}`], 6);
    assert.equal(values[`kvchaos_load_errors_total{${of},load="set",error="READONLY"}`], 2);
    assert.equal(values[`kvchaos_load_latency_seconds_bucket{${of},load="set",le="0.0005"}`], 0);
    assert.equal(values[`kvchaos_load_latency_seconds_bucket{${of},load="set",le="0.001"}`], 6);
    assert.equal(values[`kvchaos_load_latency_seconds_bucket{${of},load="set",le="10"}`], 6);
    assert.equal(values[`kvchaos_load_latency_seconds_bucket{${of},load="set",le="+Inf"}`], 8);
    assert.equal(values[`kvchaos_load_latency_seconds_sum{${of},load="set"}`], 24);
    assert.equal(values[`kvchaos_load_latency_seconds_count{${of},load="set"}`], 8);
    assert.equal(values[`kvchaos_load_connections{${run},load="set",state="connected"}`], 7);
    assert.equal(values[`kvchaos_runs_total{${of},verdict="fail"}`], 1);
  });

  it("tell what is so now of runs that go on, and nothing of those that are over", async () => {
    const metrics = begun();
    metrics.onEvent({ t: 1, type: "topology", masters: ["m1"], replicaOf: { r1: "m1" }, reason: "" }, "run-1");
    for (const event of [state("m1", "master", 900, "none"), state("r1", "replica", 400)])
      metrics.onEvent(event, "run-1");
    const condition = { t: 1, type: "condition", node: "r1", since: 0, why: "" } as const;
    metrics.onEvent({ ...condition, was: "unknown", now: "healthy" }, "run-1");
    metrics.onEvent({ ...condition, was: "healthy", now: "deadlocked" }, "run-1");
    const fault = { t: 1, type: "fault", fault: "partition", targets: [] as string[] } as const;
    for (const id of ["cut#1", "cut#2"]) metrics.onEvent({ ...fault, id, step: "inject" }, "run-1");
    metrics.onEvent({ ...fault, id: "cut#1", step: "healed" }, "run-1");
    const values = await valuesOf(metrics);
    assert.equal(values[`kvchaos_node_replication_lag{${run},node="r1"}`], 500);
    assert.equal(values[`kvchaos_node_condition{${run},node="r1",condition="deadlocked"}`], 1);
    assert.equal(values[`kvchaos_node_condition{${run},node="r1",condition="healthy"}`], undefined);
    assert.equal(values[`kvchaos_faults_active{${run},fault="partition"}`], 1);
    assert.equal(values.kvchaos_runs_going, 1);
    metrics.forget("run-1");
    const after = await valuesOf(metrics);
    assert.deepEqual(
      Object.keys(after).filter((name) => name.includes("run=")),
      [],
    );
    assert.equal(after[`kvchaos_faults_total{${of},fault="partition",step="inject"}`], 2);
    assert.equal(after.kvchaos_runs_going, 0);
  });

  it("do not compare offsets of two histories", async () => {
    const metrics = begun();
    metrics.onEvent({ t: 1, type: "topology", masters: ["m1"], replicaOf: { r1: "m1" }, reason: "" }, "run-1");
    for (const event of [state("m1", "master", 900, "none"), state("r1", "replica", 400, "down")])
      metrics.onEvent(event, "run-1");
    assert.equal((await valuesOf(metrics))[`kvchaos_node_replication_lag{${run},node="r1"}`], undefined);
  });

  it("tell how far a night is", async () => {
    const metrics = new RunMetrics();
    metrics.night(["not-run", "not-run", "pass"]);
    metrics.night(["not-run", "fail", "pass"]);
    const values = await valuesOf(metrics);
    assert.equal(values['kvchaos_night_experiments{outcome="not-run"}'], 1);
    assert.equal(values['kvchaos_night_experiments{outcome="fail"}'], 1);
  });

  it("are all on the page that tells of them, and no others", async () => {
    const page = readFileSync(new URL("../../../docs/metrics.md", import.meta.url), "utf8");
    const told = [...page.matchAll(/^\| `(kvchaos_\w+)`/gm)].map(([, name = ""]) => name);
    const exported = [...(await begun().text()).matchAll(/^# TYPE (\w+)/gm)].map(([, name = ""]) => name);
    assert.deepEqual(told.sort(), exported.sort());
  });

  it("are all that the dashboard asks for, with the labels that it asks for", async () => {
    const metrics = begun();
    for (const event of events) metrics.onEvent(event, "run-1");
    const page = await metrics.text();
    const known = new Set(
      [...page.matchAll(/^# TYPE (\w+) (\w+)$/gm)].flatMap(([, name = "", type]) =>
        type === "histogram" ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
      ),
    );
    const file = readFileSync(new URL("../../../docs/grafana.json", import.meta.url), "utf8");
    const dashboard = JSON.parse(file) as { panels: { targets?: { expr: string }[] }[] };
    const asked = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    assert.ok(asked.length >= 10, `${asked.length} questions`);
    for (const expr of asked) {
      const names = expr.match(/kvchaos_\w+/g) ?? [];
      assert.ok(names.length > 0, expr);
      for (const name of names) assert.ok(known.has(name), `${name} is not exported`);
      for (const [, labels = ""] of expr.matchAll(/by \(([^)]*)\)/g))
        for (const label of labels.split(/,\s*/))
          assert.ok(page.includes(`${label}="`) || label === "le", `no series has the label ${label}: ${expr}`);
    }
  });
});
