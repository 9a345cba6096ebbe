import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Finding, JournalEvent } from "../../journal/events.ts";
import type { Plan } from "../../journal/plan.ts";
import { type RunRecord, recordOf } from "../../journal/record.ts";
import { planOf } from "../../testing/plan-fixture.support.ts";
import {
  foreseenEvents,
  foreseenRun,
  JOIN,
  JOIN_SIGNATURE,
  lockSite,
  WRITER_SIGNATURE,
} from "../../testing/samples/foreseen.support.ts";
import { sampleRun } from "../../testing/samples/run.support.ts";
import { githubReporter } from "../ci/github.ts";
import { resultSchema } from "../ci/result-schema.ts";
import { tapReporter } from "../ci/tap.ts";
import { issueReporter } from "../issue/issue-reporter.ts";
import { fileReporters, renderAll } from "../registry.ts";
import { terminalReporter } from "../terminal/terminal.ts";

describe("what is foreseen, in every report", () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), "kvchaos-foreseen-"));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  async function render(record: RunRecord) {
    const streams = { terminal: "", tap: "", annotations: "" };
    const into = (name: keyof typeof streams) => ({ write: (text: string) => (streams[name] += text) });
    const step = path.join(directory, "step.md");
    const failures = await renderAll(record, directory, [
      ...fileReporters,
      issueReporter("zh"),
      terminalReporter(into("terminal"), {}, true),
      tapReporter(into("tap")),
      githubReporter({ GITHUB_STEP_SUMMARY: step }, into("annotations")),
    ]);
    assert.deepEqual(failures, []);
    const read = (name: string) => readFile(path.join(directory, name), "utf8");
    return {
      ...streams,
      html: await read("report.html"),
      json: JSON.parse(await read("result.json")),
      junit: await read("junit.xml"),
      issue: await read("issue.md"),
      chinese: await read("issue.zh.md"),
      step: await read("step.md"),
    };
  }

  it("is a warning, with its signature and its sentence", async () => {
    const { terminal, tap, annotations, html, json, junit, issue, chinese, step } = await render(
      foreseenRun({ verdict: "pass" }),
    );
    assert.match(terminal, /^PASS {2}5 checks passed/m);
    assert.match(terminal, /^ {2}3 predictions: deadlocks that did not happen \(warnings\)$/m);
    assert.match(terminal, /^ {4}0a1b2c3d4e5f {2}worker holds rwlock A .* came as close as 340 ms\.$/m);
    assert.match(tap, /^# {3}0a1b2c3d4e5f: worker holds rwlock A/m);
    assert.match(annotations, /^::warning title=a deadlock that did not happen%3A Workers deadlock/m);
    assert.equal(annotations.split("\n").filter((line) => line.startsWith("::warning ")).length, 3);
    assert.match(junit, /<property name="predictions" value="3"\/>/);
    assert.match(junit, /<property name="prediction-0a1b2c3d4e5f" value="worker holds/);
    assert.equal(json.verdict, "pass");
    assert.deepEqual(
      json.predictions.map(({ signature, nodes, gap }: { signature: string; nodes: string[]; gap: number }) => [
        signature,
        nodes,
        gap,
      ]),
      [
        ["fedcba987654", ["m1"], 0],
        [JOIN_SIGNATURE, ["m1", "r1"], 340],
        [WRITER_SIGNATURE, ["m1"], null],
      ],
    );
    assert.equal(json.longWaits[0].longest, 9100);
    assert.deepEqual(json.locksUnseen, ["r2 (/usr/bin/kvrocks): ways to want a lock: 3 found no room"]);
    assert.equal(resultSchema.safeParse(json).success, true);
    assert.match(step, /^### 3 predictions: deadlocks that did not happen$/m);
    assert.match(issue, /^\*\*3 predictions: deadlocks that did not happen, and that/m);
    assert.match(
      issue,
      /^ {2}holds rwlock A \(exclusive\) in kvrocks::Server::WorkExclusivityGuard, server\.cc:1801$/m,
    );
    assert.match(chinese, /预测到 3 个/);
    assert.match(html, /<p><a href="#foreseen">3 predictions: deadlocks that did not happen<\/a>\.<\/p>/);
    assert.match(html, /<h2>Foreseen \(3\)<\/h2>/);
    assert.match(html, /waits for the end of master-repl<\/text>/);
    assert.match(html, /<code>server\.cc:1801<\/code>/);
    assert.match(html, /<summary>Its stack: 4 frames<\/summary>/);
    assert.match(html, /Held for 9\.1 s by worker in ReplicationThread::Stop\./);
    assert.match(html, /known: \[\{ prediction: 0a1b2c3d4e5f, why: /);
    assert.match(html, /kvchaos\.mjs foresee [^<]+ --confirm --only 0a1b2c3d4e5f/);
    assert.match(html, /Check &quot;lock-order&quot; was not run/);
  });

  it("says what became of it, where later runs have tried to make it real", async () => {
    const tried = { type: "confirmation", t: 60_000, node: "m1", tries: 6, pauses: 28 } as const;
    const made = { run: "run-2", pause: "a pause of 2.5 s before ReplicationThread::Stop in thread worker" };
    const { json, html } = await render(
      foreseenRun({ verdict: "pass" }, [
        ...foreseenEvents(),
        { ...tried, signature: JOIN_SIGNATURE, closest: 0, made, tries: 2 },
        { ...tried, signature: WRITER_SIGNATURE, closest: 340, made: null },
      ]),
    );
    const sentences = json.predictions.map(({ sentence }: { sentence: string }) => sentence);
    assert.match(
      sentences[1],
      / Made real in try 2, with a pause of 2\.5 s before .* in thread worker \(run run-2\)\.$/,
    );
    assert.match(sentences[2], / Not made real in 6 tries with 28 pauses; the sides came as close as 0\.3 s\.$/);
    assert.match(html, /Made real in try 2/);
  });

  it("is told by the run that foretold it, not by those that try to make it real", async () => {
    const { terminal, json } = await render(confirming(foreseenRun({ verdict: "pass" })));
    assert.doesNotMatch(terminal, /0a1b2c3d4e5f/);
    assert.equal(json.predictions.length, 3);
  });

  it("is counted where the experiment knows it", async () => {
    const { terminal, junit, json, html } = await render(
      knowing(foreseenRun({ verdict: "pass" }, foreseenEvents([JOIN]))),
    );
    assert.match(terminal, /^ {2}1 prediction that the experiment knows$/m);
    assert.doesNotMatch(terminal, /0a1b2c3d4e5f/);
    assert.match(junit, /<property name="predictions" value="0"\/>/);
    assert.match(junit, /<property name="predictions-known" value="1"\/>/);
    assert.equal(json.predictions[0].known, "they never run at once");
    assert.match(html, /<strong>Known:<\/strong> they never run at once/);
  });

  it("is told once where a check has made a finding of it", async () => {
    const detail = { signature: JOIN_SIGNATURE, nodes: ["m1", "r1"], gap: 340 };
    const finding: Finding = {
      ...{
        type: "lock-order",
        class: "cycle",
        node: "m1",
        from: 12_300,
        to: 14_500,
        summary: "A deadlock is possible.",
      },
      ...{ proof: null, evidence: [], detail },
    };
    const record = withFinding(foreseenRun({}, foreseenEvents([JOIN])), finding);
    const { terminal, html, issue } = await render(record);
    assert.match(terminal, /lock-order\/cycle on m1 \(foreseen\): A deadlock is possible\./);
    assert.doesNotMatch(terminal, /warnings/);
    assert.match(html, /<dt>Prediction<\/dt><dd><code>0a1b2c3d4e5f<\/code>, see <a href="#foreseen">/);
    assert.match(issue, /foreseen on m1/);
  });

  it("is nothing at all where nobody asked for locks, and said where they could not be seen", async () => {
    const without = await render(sampleRun({ verdict: "pass" }));
    assert.doesNotMatch(without.html, /Foreseen|lock-order/);
    assert.doesNotMatch(without.terminal + without.tap + without.junit + without.step, /prediction/);
    assert.equal("predictions" in without.json, false);
    const text = "the servers' locks are not seen: its program is linked statically";
    const refused = await render(
      knowing(sampleRun({ verdict: "pass" }), [{ type: "note", t: 1, about: "locks", text }]),
    );
    assert.match(refused.html, /Nothing was seen of the servers&#39; locks\./);
    assert.match(refused.html, /<li>the servers&#39; locks are not seen: its program is linked statically<\/li>/);
    assert.deepEqual(refused.json.predictions, []);
    assert.deepEqual(refused.json.locksUnseen, [text]);
  });

  it("says of a deadlock that it was foreseen, and how it was made real", async () => {
    const predicted = {
      run: "20261127-1",
      signature: JOIN_SIGNATURE,
      pause: "a pause of 2.5 s before Stop in thread worker",
    };
    const { terminal, tap, junit, json, html, issue, chinese, step } = await render(madeReal(sampleRun(), predicted));
    const said = `Predicted by run 20261127-1 (${JOIN_SIGNATURE}); made real with a pause of 2.5 s before Stop in thread worker.`;
    for (const text of [terminal, tap, junit, html]) assert.ok(text.includes(said));
    for (const text of [issue, step]) assert.ok(text.replaceAll("\\", "").includes(said), text);
    assert.match(chinese, /运行 20261127-1 已预测到这个死锁/);
    assert.deepEqual(json.findings[0].detail.predicted, predicted);
  });

  it("draws the end of a long name, and tells the whole beside it", async () => {
    const [worker, repl] = JOIN.sides;
    assert.ok(worker && repl);
    const long = lockSite("rocksdb::DBImpl::PeriodicTasks::GetAggregatedIntProperty");
    const sides = [{ ...worker, wants: { ...worker.wants, site: long } }, repl];
    const { html } = await render(foreseenRun({ verdict: "pass" }, foreseenEvents([{ ...JOIN, sides }])));
    assert.match(html, />in GetAggregatedIntProperty</);
    assert.match(html, /<code>rocksdb::DBImpl::PeriodicTasks::GetAggregatedIntProperty</);
  });

  it("does not say of one that has happened that it did not", async () => {
    const predicted = { run: "20261127-1", signature: JOIN_SIGNATURE, pause: "a pause" };
    const { terminal, html, issue } = await render(madeReal(foreseenRun(), predicted));
    assert.match(terminal, /^ {2}2 predictions: deadlocks that did not happen/m);
    assert.match(issue, /2 predictions: deadlocks that did not happen/);
    const article = /<article class="finding foreseen" id="foreseen-2">[\s\S]*?<\/article>/.exec(html)?.[0] ?? "";
    assert.match(article, /it happened/);
    assert.doesNotMatch(article, /--confirm/);
  });
});

/** The same run of an experiment that wants its locks seen and knows the prediction. */
function knowing(record: RunRecord, more: readonly JournalEvent[] = []): RunRecord {
  const known = [{ prediction: JOIN_SIGNATURE, why: "they never run at once" }];
  return recordOf([...withPlan(record, planOf({ locks: true, known })), ...more]);
}

function confirming(record: RunRecord): RunRecord {
  const confirms = { run: "run-1", signature: JOIN_SIGNATURE, node: "m1", sides: [], pause: "" };
  return recordOf(withPlan(record, planOf({ locks: true, confirms })));
}

function withPlan({ events }: RunRecord, plan: Plan): JournalEvent[] {
  return events.map((event): JournalEvent => (event.type === "run" ? { ...event, plan } : event));
}

/** Its hangs are the deadlock that was foretold. */
function madeReal(record: RunRecord, predicted: { run: string; signature: string; pause: string }): RunRecord {
  const detail = { why: "x", silent: 8, of: 8, outlivedRecovery: true, captures: [], predicted };
  const real = (one: Finding): Finding => (one.type === "hang" ? { ...one, type: "hang", detail } : one);
  return recordOf(
    record.events.map(
      (event): JournalEvent => (event.type === "check" ? { ...event, findings: event.findings.map(real) } : event),
    ),
  );
}

function withFinding(record: RunRecord, finding: Finding): RunRecord {
  return recordOf(
    record.events.map(
      (event): JournalEvent =>
        event.type === "check" && event.name === "no-crash" ? { ...event, valid: false, findings: [finding] } : event,
    ),
  );
}
