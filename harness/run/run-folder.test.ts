import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { ChaosError } from "../base/chaos-error.ts";
import { skip } from "../testing/skip.support.ts";
import { makeRunFolder } from "./run-folder.ts";

const STARTED = new Date("2026-11-21T03:40:07.123Z");

describe("the folder of a run", () => {
  let place: string;
  beforeEach(async () => {
    place = await mkdtemp(path.join(tmpdir(), "kvchaos-folder-"));
  });
  afterEach(() => rm(place, { recursive: true, force: true }));

  const refused = (reports: string, message: RegExp): Promise<void> =>
    assert.rejects(makeRunFolder(reports, "x.yaml", "1", STARTED), (error) => {
      assert.ok(error instanceof ChaosError);
      assert.match(error.message, message);
      assert.match(error.hint ?? "", /--reports/);
      return true;
    });

  it("is named by time, experiment and seed, below folders that are made for it", async () => {
    const { directory, runId } = await makeRunFolder(path.join(place, "a/b"), "/e/storm.yaml", "7", STARTED);
    assert.equal(runId, "20261121-034007-storm-7");
    assert.equal(directory, path.join(place, "a/b", runId));
  });

  it("keeps odd seeds out of the path", async () => {
    const { runId } = await makeRunFolder(place, "storm.yaml", "../a b\n$", STARTED);
    assert.equal(runId, "20261121-034007-storm-..-a-b-");
  });

  it("gets a number when two runs begin in the same second", async () => {
    await makeRunFolder(place, "x.yaml", "1", STARTED);
    assert.match((await makeRunFolder(place, "x.yaml", "1", STARTED)).runId, /-1-2$/);
  });

  it("is refused below a file, with what to do", async () => {
    await writeFile(path.join(place, "file"), "");
    await refused(path.join(place, "file"), /is not a folder/);
    await refused(path.join(place, "file", "deep"), /ENOTDIR|not a folder/);
  });

  it("is refused, not waited for, where the kernel makes no folders", async function () {
    if (process.platform !== "linux") skip(this, "there is no /proc");
    await refused("/proc/kvchaos", /ENOENT/);
  });
});
