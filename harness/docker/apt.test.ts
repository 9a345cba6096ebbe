import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { aptGet } from "./apt.ts";

describe("apt-get", () => {
  let folder: string;
  const path = process.env.PATH ?? "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "kvchaos-apt-"));
    process.env.PATH = `${folder}${delimiter}${path}`;
  });
  afterEach(async () => {
    process.env.PATH = path;
    await rm(folder, { recursive: true, force: true });
  });

  /** A fake apt-get that notes its last argument; `script` sees it as $last. */
  const fake = (script: string) =>
    writeFile(
      join(folder, "apt-get"),
      `#!/bin/sh\nfor last; do :; done\ncd ${folder}\necho "$last" >> calls\n${script}\n`,
      { mode: 0o755 },
    );
  const calls = async () => (await readFile(join(folder, "calls"), "utf8")).trim().split("\n");
  const run = async (): Promise<string[]> => {
    const lines: string[] = [];
    await aptGet(["install", "x"], { log: (line) => lines.push(line) });
    return lines;
  };

  it("waits while another package manager holds the lock, and says so once", async () => {
    await fake(
      '[ "$(grep -c . calls)" -ge 2 ] || { echo "E: Could not get lock /var/lib/dpkg/lock. It is held by process 1" >&2; exit 100; }',
    );
    assert.deepEqual(await run(), ["another package manager holds apt's lock: waiting for it"]);
    assert.deepEqual(await calls(), ["x", "x"]);
  });

  it("reads the package lists anew when they are stale, and tries once more", async () => {
    await fake('[ "$last" = update ] && touch fresh; [ -e fresh ] || { echo "E: 404  Not Found" >&2; exit 100; }');
    assert.match((await run()).join(), /^apt-get update/);
    assert.deepEqual(await calls(), ["x", "update", "x"]);
  });

  it("does not wait for a lock that this user may not take", async () => {
    await fake('echo "E: Unable to lock directory /var/lib/apt/lists/ (13: Permission denied)" >&2; exit 100');
    await assert.rejects(run(), /Permission denied/);
    assert.deepEqual(await calls(), ["x"]);
  });
});
