import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { connectEngine } from "../../docker/engine.ts";
import { conclusive, kvchaos, leftOf } from "../../testing/kvchaos-process.support.ts";

const CLUSTER = "{ masters: 1, replicas: 1 }";
const common = `systems: [redis]\ncluster: ${CLUSTER}\nwarm-up: 1s\nduration: 3s\nrecovery: { within: 10s }\n`;

const EXPERIMENTS = {
  "holds.yaml": `title: A frozen replica is no finding
${common}checks: [no-hang, no-crash]
faults: [{ fault: pause, at: 500ms, node: r1, for: 1s }]
`,
  "control.yaml": `title: A server that ends is found
${common}checks: [no-crash]
stop-on: first-finding
faults: [{ fault: command, at: 500ms, node: r1, argv: [SHUTDOWN, NOSAVE], wait-for-reply: false }]
expect: { finding: crash, class: exit }
`,
  "absent.yaml": `title: Nobody has this image
${common}images: { fixed: "redis:1.2.3-nowhere" }
`,
};

describe("kvchaos nightly", function () {
  this.timeout(600_000);
  let folder: string;
  let experiments: string;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "kvchaos-nightly-"));
    experiments = path.join(folder, "experiments");
    await mkdir(experiments);
    for (const [name, text] of Object.entries(EXPERIMENTS)) await writeFile(path.join(experiments, name), text);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it("runs a night as a mocha suite: a pass, a bug that must be there, an image that is not; merge says the same", async () => {
    const reports = path.join(folder, "reports");
    const json = path.join(folder, "mocha.json");
    const words = ["nightly", experiments, "--reports", reports, "--seed", "7"];
    const told = ["--reporter", "json", "--reporter-option", `output=${json}`];
    const { code, stderr, pid } = await conclusive([...words, ...told], () =>
      rm(reports, { recursive: true, force: true }),
    );
    assert.equal(code, 0, stderr);
    assert.match(stderr, /1 skipped, 1 known bug seen, 1 passed/);

    const { stats, pending } = JSON.parse(await readFile(json, "utf8"));
    assert.deepEqual([stats.tests, stats.passes, stats.pending, stats.failures], [3, 2, 1, 0]);
    assert.match(
      pending[0].title,
      /absent\.yaml on redis:1\.2\.3-nowhere \(skipped: the image .* is not on this machine/,
    );

    const night = (await readdir(reports)).find((name) => name.includes("-nightly-")) ?? "no night";
    const merged = path.join(folder, "merged");
    const whole = await kvchaos(["merge", reports, "--out", merged]);
    assert.equal(whole.code, 0, whole.stderr);
    assert.match(
      await readFile(path.join(merged, "junit.xml"), "utf8"),
      /tests="3" failures="0" errors="0" skipped="1"/,
    );

    // Without the night's own record the runs still tell, each by its own plan; what was skipped left none.
    await rm(path.join(reports, night), { recursive: true });
    const runs = await kvchaos(["merge", reports, "--out", merged]);
    assert.equal(runs.code, 0, runs.stderr);
    assert.match(runs.stderr, /^1 known bug seen, 1 passed$/m);

    assert.deepEqual(await leftOf(await connectEngine(), pid), []);
  });

  it("runs nothing that does not fit in its time, does not call that a pass, and tells a webhook", async () => {
    const reports = path.join(folder, "short");
    const words: { url: string | undefined; body: string }[] = [];
    const webhook = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        words.push({ url: request.url, body: Buffer.concat(parts).toString() });
        response.end();
      });
    });
    await new Promise<void>((resolve) => webhook.listen(0, "127.0.0.1", resolve));
    const { port } = webhook.address() as AddressInfo;
    const environment = { KVCHAOS_BUDGET: "1s", KVCHAOS_NOTIFY: `http://127.0.0.1:${port}/s3cret` };
    const night = ["nightly", experiments, "--reports", reports, "--seed", "7", "--metrics", "127.0.0.1:0"];
    const { code, stdout, stderr } = await kvchaos(night, environment).finally(() => webhook.close());
    assert.equal(code, 2, stderr);
    assert.match(stderr, /metrics: http:\/\/127\.0\.0\.1:\d+\/metrics/);
    assert.deepEqual(
      words.map(({ url }) => url),
      ["/s3cret"],
    );
    const { kind, seed, finished, outcomes, badCount } = JSON.parse(words[0]?.body ?? "");
    assert.deepEqual([kind, seed, finished, outcomes, badCount], ["night", "7", true, { skipped: 3 }, 0]);
    const help = await kvchaos(["nightly", "--help"], environment);
    for (const said of [stdout, stderr, help.stdout, help.stderr]) assert.ok(!said.includes("s3cret"), said);
    assert.match(
      stdout,
      /holds\.yaml on redis:\S+ \(skipped: it does not fit in the budget of 1s: .* left, it may take 44s\)/,
    );
    assert.deepEqual(
      (await readdir(reports)).filter((name) => !name.includes("-nightly-")),
      [],
    );
  });
});
