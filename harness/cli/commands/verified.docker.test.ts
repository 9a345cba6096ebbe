import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { conclusive, runFolders } from "../../testing/kvchaos-process.support.ts";
import { kvchaosHere } from "../../testing/runs/kvchaos-here.support.ts";
import { readVerified } from "../verified-file.ts";

const CONTROL = path.join(import.meta.dirname, "../../../experiments/redis/controls/exited.yaml");

describe("kvchaos verified, with a run on a real server", function () {
  this.timeout(600_000);
  let reports: string;
  let run: string;
  let table: string;

  before(async () => {
    reports = await mkdtemp(path.join(tmpdir(), "kvchaos-verified-"));
    table = path.join(reports, "VERIFIED.md");
    const runs = path.join(reports, "runs");
    const { code, stderr } = await conclusive(["run", CONTROL, "--seed", "1", "--reports", runs], () =>
      rm(runs, { recursive: true, force: true }),
    );
    const [folder] = await runFolders(runs);
    assert.ok(folder && code === 1, stderr);
    run = path.join(runs, folder);
  });
  after(() => rm(reports, { recursive: true, force: true }));

  /** A copy of the run in which some text is replaced, in its journal and, with `both`, in its result. */
  async function forged(name: string, replace: (text: string) => string, both = true): Promise<string> {
    const copy = path.join(reports, name);
    await cp(run, copy, { recursive: true });
    for (const file of both ? ["journal.jsonl", "result.json"] : ["result.json"]) {
      const text = await readFile(path.join(copy, file), "utf8");
      await writeFile(path.join(copy, file), replace(text));
    }
    return copy;
  }
  async function refused(folder: string, why: RegExp): Promise<void> {
    const before = await readVerified(table);
    const { code, stderr: text } = await kvchaosHere(["verified", folder, "--file", table]);
    assert.equal(code, 3, text);
    assert.match(text, why);
    assert.deepEqual(await readVerified(table), before);
  }

  it("adds it once, however often it is given", async () => {
    const first = await kvchaosHere(["verified", run, "--file", table]);
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stderr, /added: crash\/exit/);
    const again = await kvchaosHere(["verified", path.dirname(run), "--file", table]);
    assert.equal(again.code, 0, again.stderr);
    assert.match(again.stderr, /is there already/);
    const [row, ...more] = await readVerified(table);
    assert.deepEqual(more, []);
    assert.equal(row?.experiment, "redis/controls/exited.yaml");
    assert.deepEqual([row?.verdict, row?.found, row?.system], ["fail", ["crash/exit"], "redis"]);
    assert.ok(row?.after !== null && row?.after !== undefined && row.after > 500, String(row?.after));
  });

  it("refuses a result that says other things than its journal", async () => {
    const folder = await forged("image", (text) => text.replaceAll("redis:7", "redis:8"), false);
    await refused(folder, /result\.json and journal\.jsonl tell different things: image/);
  });

  it("refuses a verdict that the journal's own events do not give", async () => {
    const folder = await forged("verdict", (text) =>
      text
        .replace(
          /"type":"verdict","verdict":"fail","reasons":\[.*?\]/,
          '"type":"verdict","verdict":"pass","reasons":[]',
        )
        .replace(/"verdict": "fail"/, '"verdict": "pass"'),
    );
    await refused(folder, /does not give the verdict that it says: fail \(crash\/exit\) instead of pass/);
  });

  it("refuses a run of an experiment that is not in the catalogue, or has changed since", async () => {
    await refused(
      await forged("outside", (text) => text.replaceAll("/experiments/redis", "/mine/redis")),
      /no experiment of the catalogue/,
    );
    await refused(
      await forged("gone", (text) => text.replaceAll("controls/exited", "controls/gone")),
      /has no experiment redis\/controls\/gone/,
    );
    await refused(
      await forged("stale", (text) => text.replace('"warmUp":2000', '"warmUp":2001')),
      /stale: .*exited\.yaml gives another plan/,
    );
  });

  it("refuses another journal of a run that is there, and a torn one", async () => {
    const folder = await forged("other", (text) =>
      text.replace('"kvchaos":"0', '"kvchaos":"1').replace('"kvchaos": "0', '"kvchaos": "1'),
    );
    await refused(folder, /with another journal/);
    await refused(
      await forged("torn", (text) => (text.startsWith("{\n") ? text : text.slice(0, -5))),
      /ends inside a line/,
    );
  });

  it("counts a run that broke off, and takes it for no verification", async () => {
    const folder = await forged("broken", (text) =>
      text
        .replace(/"type":"verdict","verdict":"fail"/, '"type":"verdict","verdict":"interrupted"')
        .replace(/"verdict": "fail"/, '"verdict": "interrupted"')
        .replaceAll("-exited-1", "-exited-1-broken"),
    );
    const { code, stderr: text } = await kvchaosHere(["verified", folder, "--file", table]);
    assert.equal(code, 0, text);
    assert.match(text, /counted, and verifies nothing: interrupted/);
    const written = await readFile(table, "utf8");
    assert.match(written, /\| redis\/controls\/exited\.yaml \| \S+ \| \S+ \| 1 \| crash\/exit 1 of 1 \| \S+ \| 1 \|/);
  });

  it("refuses what is no run", async () => {
    const { code, stderr: text } = await kvchaosHere(["verified", path.join(reports, "none"), "--file", table]);
    assert.equal(code, 3);
    assert.match(text, /none is no run, and has none in it/);
  });
});
