import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { RunRecord } from "../../journal/record.ts";
import { kvchaosHere } from "../../testing/runs/kvchaos-here.support.ts";
import { foreseenRun, JOIN_SIGNATURE } from "../../testing/samples/foreseen.support.ts";
import { sampleRun } from "../../testing/samples/run.support.ts";
import { EXIT } from "../exit-codes.ts";

describe("kvchaos foresee of a run that is over", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "kvchaos-foresee-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** What is written to both streams. */
  async function said({ events }: RunRecord, ...options: string[]): Promise<{ code: number; text: string }> {
    await writeFile(path.join(folder, "journal.jsonl"), events.map((event) => `${JSON.stringify(event)}\n`).join(""));
    const { code, stdout, stderr } = await kvchaosHere(["foresee", folder, ...options]);
    return { code, text: stdout + stderr };
  }

  it("tells what it foretells, without a Docker engine", async () => {
    const { code, text } = await said(foreseenRun());
    assert.equal(code, EXIT.pass);
    assert.match(text, /^0a1b2c3d4e5f: worker holds rwlock A .* came as close as 340 ms\.$/m);
    assert.equal(text.trim().split("\n").length, 3);
  });

  it("refuses a run that did not look at locks, and a prediction that it has not", async () => {
    const blind = await said(sampleRun());
    assert.equal(blind.code, EXIT.usage);
    assert.match(blind.text, /did not look at its servers' locks\n.*`kvchaos foresee`/);
    const other = await said(foreseenRun(), "--confirm", "--only", "abc");
    assert.equal(other.code, EXIT.usage);
    assert.match(other.text, new RegExp(`--only abc: .* does not foretell that\\n.*${JOIN_SIGNATURE}`));
  });
});
