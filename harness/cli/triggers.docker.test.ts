import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { readRecord } from "../journal/reader.ts";
import { kvchaos, runFolders } from "../testing/kvchaos-process.support.ts";

const CLUSTER = "{ masters: 1, replicas: 0 }";

describe("triggers by the start of a server and by the n-th line of its log, on a real server", function () {
  this.timeout(600_000);
  let folder: string;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "kvchaos-triggers-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it("fire that long after a restart, and at that line", async () => {
    const file = path.join(folder, "starts.yaml");
    await writeFile(
      file,
      `title: What waits for a server's starts
systems: [redis]
cluster: ${CLUSTER}
warm-up: 6s
duration: 16s
faults:
  - { id: again, fault: restart, node: m1, start: 1s, every: 7s, count: 2 }
  - { id: up, fault: command, when: { node: m1, since-start: 4s }, node: m1, argv: [ECHO, "up"] }
  - { id: second, fault: command, when: { node: m1, log: "Ready to accept", nth: 2 }, delay: 1s, node: m1, argv: [ECHO, "second"] }
  - { id: never, fault: command, when: { node: m1, since-start: 1s }, count: 3, node: m1, argv: [ECHO, "never"] }
`,
    );
    const { code, stderr } = await kvchaos(["run", file, "--seed", "1", "--reports", folder]);
    const [run] = await runFolders(folder);
    assert.ok(run, stderr);
    const record = await readRecord(path.join(folder, run, "journal.jsonl"));
    const starts = record.of("container").filter(({ action }) => action === "start");
    assert.equal(starts.length, 2, stderr);
    const [first, last] = starts.map(({ t }) => t) as [number, number];
    const injected = (id: string): number =>
      record.of("fault").find((event) => event.id === id && event.step === "inject")?.t ??
      assert.fail(`${id}\n${stderr}`);

    const up = injected("up") - first;
    assert.ok(up > 3_800 && injected("up") < last, `${up} ms after the first restart`);
    assert.match(
      record.of("note").find(({ about }) => about === "up")?.text ?? "",
      /^m1 was started [456](\.\d+)?s ago$/,
    );
    const second = injected("second") - last;
    assert.ok(second > 900 && second < 5_000, `${second} ms after the second restart`);

    // It had been up for longer than a second when chaos began, so that two of three had a start to count from.
    assert.ok(injected("never#1") > first && injected("never#2") > last);
    assert.deepEqual(
      record.of("fault").flatMap(({ id, step }) => (step === "not-fired" ? [id] : [])),
      ["never#3"],
    );
    assert.equal(code, 2, stderr);
    assert.match(stderr, /fault never never fired/);
  });
});
