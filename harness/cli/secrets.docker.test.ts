import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { conclusive, kvchaos, runFolders } from "../testing/kvchaos-process.support.ts";

const CLUSTER = "{ masters: 1, replicas: 1 }";

const SECRETS = ["main-secret-71f3", "user-secret-02ac", "changed-secret-9d1e"];
const [MAIN, USER, CHANGED] = SECRETS;

/** Passwords in every place where an experiment may hold one, and a hang, so that evidence is captured. */
const EXPERIMENT = `
title: A cluster with passwords
cluster: ${CLUSTER}
config:
  redis:
    requirepass: ${MAIN}
    masterauth: ${MAIN}
    user: "watcher on >${USER} ~* +@read"
load:
  - { workload: set, connections: 2, rate: 50/s, keys: 100 }
warm-up: 2s
duration: 8s
faults:
  - { id: user, fault: command, at: 100ms, node: m1, argv: [ACL, SETUSER, bob, "on", ">${CHANGED}", "~*", "+@read"] }
  - { id: sleep, fault: command, at: 1s, node: r1, argv: [DEBUG, SLEEP, "600"], wait-for-reply: false }
watchdog: { hang-after: 2s }
recovery: { within: 3s }
checks: [no-hang, no-crash]
stop-on: first-finding
`;

describe("secrets in a configuration", function () {
  this.timeout(600_000);
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "kvchaos-secrets-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it("are in no file and no line of a run that finds a hang, and the plan still replays", async () => {
    const file = path.join(folder, "secret.yaml");
    const reports = path.join(folder, "reports");
    await writeFile(file, EXPERIMENT);
    const explained = await kvchaos(["explain", file, "--system", "redis"]);
    assert.equal(explained.code, 0, explained.stderr);
    assertSilent("explain", explained.stdout + explained.stderr);

    const ran = await conclusive(["run", file, "--system", "redis", "--reports", reports, "--json"]);
    assert.equal(ran.code, 1, ran.stderr);
    assertSilent("--json", ran.stdout);
    assertSilent("the terminal", ran.stderr);
    const run = path.join(reports, (await runFolders(reports)).at(-1) ?? "no run");
    const plain = await kvchaos(["report", run, "--format", "issue", "--lang", "zh"]);
    assertSilent("report", plain.stdout + plain.stderr);
    const files = await assertSilentFiles(reports);
    for (const name of [
      "journal.jsonl",
      "plan.yaml",
      "repro.sh",
      "report.html",
      "issue.md",
      "issue.zh.md",
      "index.html",
    ])
      assert.ok(files.includes(name), `${name} was looked at`);
    assert.ok(files.includes("threads.txt") && files.includes("r1.log"), "evidence was captured");
    assert.match(await readFile(path.join(run, "plan.yaml"), "utf8"), /requirepass: "?•••"?/);

    const again = await conclusive([
      "replay",
      run,
      "--reports",
      path.join(folder, "again"),
      "--expect",
      "fail",
      "--quiet",
    ]);
    assert.equal(again.code, 0, again.stderr);
    assert.match(again.stderr, /the plan hides its passwords: one that is made up is used/);
    await assertSilentFiles(path.join(folder, "again"));
  });
});

function assertSilent(what: string, text: string): void {
  for (const secret of SECRETS) assert.ok(!text.includes(secret), `${what} says ${secret}`);
}

/** Every file in and below a folder; their names. */
async function assertSilentFiles(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  for (const { name, parentPath } of files) {
    const bytes = await readFile(path.join(parentPath, name));
    assertSilent(path.join(parentPath, name), bytes.toString("latin1"));
  }
  return files.map(({ name }) => name);
}
