import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { runCommand } from "../base/run-command.ts";

const PROGRAM = fileURLToPath(new URL("./kvchaos.mjs", import.meta.url));
const CLUSTER = "{ masters: 1, replicas: 0 }";

describe("the line that runs the same again", function () {
  this.timeout(600_000);
  let folder: string;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "kvchaos-again-"));
    // As npm link does it.
    await mkdir(path.join(folder, "bin"));
    await symlink(PROGRAM, path.join(folder, "bin/kvchaos"));
    await mkdir(path.join(folder, "work"));
    const text = `title: Nothing\nsystems: [redis]\ncluster: ${CLUSTER}\nwarm-up: 1s\nduration: 1s\n`;
    await writeFile(path.join(folder, "work/it's nothing.yaml"), text);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it("can be typed where the user stands, far from the clone, with kvchaos linked into the path", async () => {
    const type = async (line: string): Promise<string> => {
      const within = `cd ${folder}/work && PATH=${folder}/bin:$PATH && { ${line}; } 2>&1`;
      const { stdout } = await runCommand(["sh", "-c", within], { within: 60_000 });
      return stdout;
    };
    const first = await type(`kvchaos run "it's nothing.yaml" --image redis:7.0.15 --seed 5`);
    const [, again] = /^ {2}again: {2}(.*)$/m.exec(first) ?? [];
    assert.equal(again, "kvchaos run 'it'\\''s nothing.yaml' --image redis:7.0.15 --seed 5", first);
    assert.match(first, /^ {2}report: reports\/\S+\/report\.html$/m);
    const second = await type(again);
    assert.match(second, /^PASS /m);
    assert.ok(second.includes(`again:  ${again}`), second);
  });
});
