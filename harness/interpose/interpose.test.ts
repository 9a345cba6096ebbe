import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { runCommand } from "../base/run-command.ts";
import { removeSharedFolders } from "../docker/shared-folder.ts";
import { skip } from "../testing/skip.support.ts";
import { missingForLibrary } from "./compile-library.ts";
import { InterposeFolder, makeInterposer } from "./interpose-folder.ts";

/** Programs of this machine, started with the library. */
describe("the library between a program and its C library", function () {
  this.timeout(600_000);
  const runId = `interpose-test-${process.pid}`;
  let folder: InterposeFolder;
  let data: string;

  before(async function () {
    const missing = missingForLibrary();
    if (missing !== null) skip(this, missing);
    data = await mkdtemp(path.join(tmpdir(), "kvchaos-interpose-"));
    folder = await InterposeFolder.make(runId, "own", await makeInterposer(), data);
  });

  after(async () => {
    folder?.close();
    await removeSharedFolders(runId);
    if (data) await rm(data, { recursive: true, force: true });
  });

  async function run(...argv: [string, ...string[]]) {
    const [shared, library] = folder.launch(undefined).binds;
    const env = { LD_PRELOAD: library?.host, KVCHAOS_INTERPOSE: shared?.host };
    return runCommand(argv, { within: 60_000, env, accept: [0, 1] });
  }
  const seconds = async (): Promise<number> => Number((await run("date", "+%s")).stdout);
  const off = async (): Promise<number> => (await seconds()) - Date.now() / 1000;

  it("is loaded, and changes nothing by itself", async () => {
    assert.ok(Math.abs(await off()) < 60);
    assert.ok(folder.loaded().includes("date"));
  });

  it("lets the clock jump ahead and back; several add up, and the heal of one leaves the others", async () => {
    folder.skew("ahead", { by: 7_200_000, drift: 0 });
    assert.ok(Math.abs((await off()) - 7_200) < 60);
    folder.skew("back", { by: -10_800_000, drift: 0 });
    assert.ok(Math.abs((await off()) + 3_600) < 60);
    folder.unskew("ahead");
    folder.unskew("ahead");
    assert.ok(Math.abs((await off()) + 10_800) < 60);
    folder.unskew("back");
    assert.ok(Math.abs(await off()) < 60);
  });

  const write = (file: string, ...how: string[]) =>
    run("dd", "if=/dev/zero", `of=${path.join(data, file)}`, "bs=1000", "count=3", ...how);
  const refusals = async (file: string, ...how: string[]): Promise<boolean> =>
    (await write(file, ...how)).stderr.includes("No space left on device");

  it("lets writes or syncs of the data fail, and no others", async () => {
    const before = folder.failures();
    folder.fail("writes", { error: "ENOSPC", writes: true, syncs: false, probability: 1 });
    assert.equal(await refusals("fails"), true);
    assert.equal((await run("dd", "if=/dev/zero", "of=/dev/null", "count=1")).code, 0);
    folder.fail("syncs", { error: "ENOSPC", writes: false, syncs: true, probability: 1 });
    assert.equal(await refusals("fails"), false);
    assert.equal(await refusals("fails", "conv=fsync"), true);
    folder.unfail("syncs");
    folder.unfail("writes");
    assert.equal(await refusals("works", "conv=fsync"), false);
    assert.deepEqual(folder.failures(), { writes: before.writes + 1, syncs: before.syncs + 1 });
  });
});
