import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { runCommand } from "../base/run-command.ts";
import { version } from "../base/version.ts";
import { sampleRun } from "../testing/samples/run.support.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

describe("the package that npm makes", function () {
  this.timeout(600_000);
  let folder: string;
  let unpacked: string;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "kvchaos-package-"));
    await runCommand(["npm", "pack", "--silent", "--pack-destination", folder, ROOT], { within: 120_000 });
    await runCommand(["tar", "xzf", path.join(folder, `kvchaos-${version}.tgz`), "-C", folder], { within: 60_000 });
    unpacked = path.join(folder, "package");
    await symlink(path.join(ROOT, "node_modules"), path.join(unpacked, "node_modules"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it("holds the harness without its tests, and every page and picture that its README links to", () => {
    const files = readdirSync(path.join(unpacked, "harness"), { recursive: true, encoding: "utf8" });
    assert.deepEqual(
      files.filter((file) => /\.test\.ts$|\.support\.ts$|^testing/.test(file)),
      [],
    );
    const readme = readFileSync(path.join(unpacked, "README.md"), "utf8");
    for (const [, target = ""] of readme.matchAll(/\]\((?!https?:)([^)#]+)/g)) {
      assert.ok(existsSync(path.join(unpacked, target)), target);
    }
    for (const file of [
      "LICENSE",
      "CHANGELOG.md",
      "experiments/any/quickstart.yaml",
      "harness/locks/library/locks.c",
      "dist/main.js",
    ]) {
      assert.ok(existsSync(path.join(unpacked, file)), file);
    }
  });

  it("takes in a fault, a check, a workload and a reporter of a folder outside, which import its API alone", async () => {
    const outside = path.join(folder, "outside");
    await cp(path.join(unpacked, "docs/examples/plug-ins"), outside, { recursive: true });
    await mkdir(path.join(outside, "node_modules"));
    await symlink(unpacked, path.join(outside, "node_modules/kvchaos"));
    const program = path.join(unpacked, "harness/cli/kvchaos.mjs");
    const answer = async (...args: string[]) =>
      runCommand([process.execPath, program, ...args], { within: 120_000, cwd: outside });
    const plan = (await answer("explain", "experiments/drop-replicas.yaml", "--seed", "7")).stdout;
    assert.match(plan, /fault: drop-replicas/);
    assert.match(plan, /workload: append/);
    assert.match(plan, /load-comes-back/);
    // Of a run that took place elsewhere.
    const run = path.join(outside, "run");
    await mkdir(run);
    await writeFile(
      path.join(run, "journal.jsonl"),
      sampleRun()
        .events.map((event) => `${JSON.stringify(event)}\n`)
        .join(""),
    );
    await answer("report", run, "--format", "fault-lines");
    assert.match(readFileSync(path.join(run, "faults.txt"), "utf8"), /^[\d.]+ s \S+ inject$/m);
    const elsewhere = { within: 120_000, cwd: folder, accept: [3] };
    const without = await runCommand(
      [process.execPath, program, "explain", "outside/experiments/drop-replicas.yaml"],
      elsewhere,
    );
    assert.match(without.stderr, /unknown fault "drop-replicas"/);
  });

  it("runs where it was unpacked", async () => {
    const program = path.join(unpacked, "harness/cli/kvchaos.mjs");
    const quickstart = path.join(unpacked, "experiments/any/quickstart.yaml");
    const answer = async (...args: string[]) =>
      (await runCommand([process.execPath, program, ...args], { within: 120_000 })).stdout;
    assert.equal((await answer("--version")).trim(), version);
    assert.match(await answer("explain", quickstart, "--system", "redis", "--seed", "7"), /^seed: "7"$/m);
    assert.ok(!existsSync(path.join(unpacked, ".kvchaos")), "nothing is compiled, and nothing written");
    const changes = readFileSync(path.join(unpacked, "CHANGELOG.md"), "utf8");
    assert.equal(/^## \[(?!Unreleased)(.*?)\]/m.exec(changes)?.[1], version, "the changelog's newest version");
  });
});
