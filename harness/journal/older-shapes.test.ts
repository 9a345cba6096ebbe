import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { sawWaits } from "../testing/evidence.support.ts";
import { sampleRun } from "../testing/samples/run.support.ts";
import { argvOf } from "./plan.ts";
import { readRecord } from "./reader.ts";
import type { RunRecord } from "./record.ts";

describe("a journal of another version", () => {
  let directory: string;
  before(async () => {
    directory = await mkdtemp(path.join(tmpdir(), "older-"));
  });
  after(() => rm(directory, { recursive: true, force: true }));

  async function reading(event: object): Promise<RunRecord> {
    const file = path.join(directory, "journal.jsonl");
    await writeFile(file, `${JSON.stringify({ t: 1, ...event })}\n`);
    return readRecord(file);
  }

  async function detail(given: unknown) {
    const finding = { type: "hang", class: "x", node: "r1", from: 1, to: null, summary: "", proof: null, evidence: [] };
    const record = await reading({
      type: "check",
      name: "no-hang",
      valid: false,
      why: null,
      findings: [{ ...finding, detail: given }],
    });
    return record.first("check")?.findings[0]?.detail;
  }

  describe("keeps a finding's detail as it was written", () => {
    const known: Record<string, object> = {
      "of today": { why: "silent", silent: 3, of: 8, outlivedRecovery: true, captures: [], waits: "held-by-readers" },
      "of a version that did not note how long": { why: "slow", captures: [] },
      "of a version without last lines and cores": { exitCode: 139, signal: "SIGSEGV", oom: false, lines: ["x"] },
      "of a version that told fewer words of roles": { masters: ["m1"], meant: ["m1"], replicaOf: { r1: "m1" } },
      "of a version without a count of keys": {
        master: "m1",
        different: 1,
        masterKeys: 4,
        replicaKeys: 3,
        differences: [{ key: "a", kind: "missing-on-replica", master: "1", replica: null }],
      },
    };
    for (const [name, shape] of Object.entries(known)) {
      it(name, async () => assert.equal(JSON.stringify(await detail(shape)), JSON.stringify(shape)));
    }

    it("with the names of a moment in the order in which it has them", async () => {
      const moment = { to: 2, node: null, value: null, outcome: "ok", marked: true, what: "switch", from: 1 };
      const shape = { load: "l", key: "k", element: null, count: 1, cells: [], life: [moment] };
      assert.equal(JSON.stringify(await detail(shape)), JSON.stringify(shape));
    });
  });

  describe("leaves out a finding's detail, and nothing else, when it", () => {
    const strange: Record<string, unknown> = {
      "has a shape that nobody knows": { mood: "bad" },
      "has a name that nobody knows": { why: "gone", mood: "bad" },
      "is damaged": { why: "silent", silent: "three", of: 8, outlivedRecovery: true, captures: [] },
      "is damaged deep inside": {
        load: "l",
        key: "k",
        element: null,
        count: 1,
        cells: [],
        life: [{ what: "miracle" }],
      },
      "is no object": "r1 hangs",
      "is null": null,
    };
    for (const [name, shape] of Object.entries(strange)) {
      it(name, async () => assert.equal(await detail(shape), undefined));
    }
  });

  async function evidence(data: unknown, summary = "") {
    const common = { node: "r1", reason: "deadlocked", ms: 9, stoppedProcessMs: 0, files: ["a.txt"], proof: null };
    const [event] = (await reading({ type: "evidence", ...common, summary, data })).of("evidence");
    assert.ok(event);
    return event;
  }

  it("keeps what a capture says, with what older captures did not look for", async () => {
    const { threadWaits: _, ...graph } = sawWaits({ class: "proven" }).graph ?? { threadWaits: [] };
    const { data } = await evidence({ threads: [], graph, groups: [] }, "no cycle");
    assert.deepEqual(data, { ...sawWaits({ class: "proven" }), found: "no cycle" });
    assert.deepEqual((await evidence({ core: true })).data?.core, true);
    assert.equal(
      (await evidence({ threads: [], graph: null, groups: [], lastLines: ["x"] })).data?.lastLines?.[0],
      "x",
    );
  });

  it("has nothing of a capture but its words and files when its data are of an unknown shape or damaged", async () => {
    for (const data of [{ mood: "bad" }, { core: "yes" }, "x", null, 7, { groups: [{ count: "many" }] }]) {
      const event = await evidence(data, "no cycle");
      assert.deepEqual([event.data, event.summary, event.files], [null, "no cycle", ["a.txt"]]);
    }
    assert.equal("data" in (await evidence(undefined)), false);
  });

  it("keeps what it says of its host and of a fault's parameters, in their order; a damaged one says nothing", async () => {
    const params = async (given: unknown) =>
      (await reading({ type: "fault", id: "f", fault: "command", step: "inject", targets: [], params: given })).first(
        "fault",
      )?.params;
    const given = { node: "r1", argv: ["CLIENT", "PAUSE", "9"], wait: true };
    assert.equal(JSON.stringify(await params(given)), JSON.stringify(given));
    assert.deepEqual([argvOf(given), argvOf({ argv: 7 }), argvOf(undefined)], [given.argv, [], []]);
    assert.equal(await params("DEBUG SLEEP 9"), undefined);
    const { events } = sampleRun();
    const host = async (own: unknown) =>
      (await reading({ ...events.find(({ type }) => type === "run"), host: own })).first("run")?.host;
    const machine = { node: "v20", cpu: "x", engine: { cores: 4 }, cores: 2 };
    assert.equal(JSON.stringify(await host(machine)), JSON.stringify(machine));
    for (const own of [{ cores: "many" }, null, 7]) assert.deepEqual(await host(own), {});
  });

  it("says in words only what is a field today", async () => {
    const old = await evidence(sawWaits({}), "worker waits. missing: INFO because it hung. missing: a");
    assert.equal(old.data?.found, "worker waits");
    const known = { ...sawWaits({}), found: "a. missing: b" };
    assert.equal((await evidence(known, "a. missing: b. missing: c")).data?.found, "a. missing: b");
    const note = async (text: string) => (await reading({ type: "note", about: "r1", text })).first("note")?.kind;
    assert.equal(await note("its role was not looked at while healing: it is paused"), "not-healed");
    assert.equal(await note("its role could not be set while healing: ERR no"), "not-healed");
    assert.equal(await note("its role is master"), undefined);
    const leftBy = async (reason: string) =>
      (await reading({ type: "topology", masters: [], replicaOf: {}, reason })).first("topology")?.leftBy;
    assert.deepEqual(await leftBy("as move#1, away left it"), ["move#1", "away"]);
    assert.equal(await leftBy("as the Compose file says"), undefined);
  });
});
