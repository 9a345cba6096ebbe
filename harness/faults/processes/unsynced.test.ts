import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { runCommand } from "../../base/run-command.ts";
import { removeSharedFolders } from "../../docker/shared-folder.ts";
import { missingForLibrary } from "../../interpose/compile-library.ts";
import { InterposeFolder, makeInterposer } from "../../interpose/interpose-folder.ts";
import { skip } from "../../testing/skip.support.ts";
import { loseUnsynced } from "./unsynced.ts";

describe("a power cut", function () {
  this.timeout(600_000);
  const runId = `unsynced-test-${process.pid}`;
  let folder: InterposeFolder;
  let data: string;

  before(async function () {
    const missing = missingForLibrary();
    if (missing !== null) skip(this, missing);
    data = await mkdtemp(path.join(tmpdir(), "kvchaos-unsynced-"));
    folder = await InterposeFolder.make(runId, "own", await makeInterposer(), data);
  });

  after(async () => {
    folder?.close();
    await removeSharedFolders(runId);
    if (data) await rm(data, { recursive: true, force: true });
  });

  async function write(file: string, ...how: string[]): Promise<void> {
    const [shared, library] = folder.launch(undefined).binds;
    const env = { LD_PRELOAD: library?.host, KVCHAOS_INTERPOSE: shared?.host };
    await runCommand(["dd", "if=/dev/zero", `of=${path.join(data, file)}`, "bs=1000", "count=3", ...how], {
      within: 60_000,
      env,
    });
  }

  it("leaves of each file what was synced of it, and of a file that was never synced its name", async () => {
    await write("synced", "conv=fsync");
    await write("longer", "conv=fdatasync");
    await write("longer", "conv=notrunc", "oflag=append");
    await write("safe", "oflag=dsync");
    await write("unsynced");
    const lost = await loseUnsynced(data, folder.synced());
    const size = (file: string): number => statSync(path.join(data, file)).size;
    assert.deepEqual(["synced", "longer", "safe", "unsynced"].map(size), [3_000, 3_000, 3_000, 0]);
    assert.deepEqual(lost, { files: 2, emptied: 1, bytes: 6_000n, mapped: 0 });
    assert.equal((await loseUnsynced(data, folder.synced())).files, 0);
  });

  it("takes nothing of files that were there before the library was", async () => {
    await write("before");
    const all = folder.synced();
    const later = { ...all, began: all.began + 10n ** 18n };
    assert.equal((await loseUnsynced(data, { ...later, byInode: new Map() })).files, 0);
  });
});
