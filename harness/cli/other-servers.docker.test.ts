import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { messageOf } from "../base/chaos-error.ts";
import { connectEngine } from "../docker/engine.ts";
import { ensureImage } from "../images/ensure-image.ts";
import { redis } from "../systems/redis.ts";
import { valkey } from "../systems/valkey.ts";
import { conclusive, runFolders } from "../testing/kvchaos-process.support.ts";
import { skip } from "../testing/skip.support.ts";

const [REDIS] = redis.images as [string];
const [VALKEY] = valkey.images as [string];

/* r1 begins as Valkey and is to become Redis, which cannot read what Valkey has saved; r2 goes the other way, which works. */
const EXPERIMENT = `title: Servers of two kinds in one cluster, and two that change
systems: [redis]
images: { nodes: { r1: ${VALKEY} } }
cluster: { masters: 1, replicas: 2 }
config: { redis: { save: "900 1" } }
load:
  - { workload: set, rate: 100/s, connections: 2, keys: 100 }
warm-up: 1s
duration: 6s
faults:
  - { id: up, fault: restart, at: 500ms, node: r2, image: "${VALKEY}" }
  - { id: down, fault: restart, at: 500ms, node: r1, image: "${REDIS}" }
recovery: { within: 5s }
checks: [no-hang, no-crash]
`;

describe("servers of several images in one cluster", function () {
  this.timeout(600_000);
  let folder: string;

  before(async function () {
    const engine = await connectEngine();
    for (const { images, recipe } of [redis, valkey])
      await ensureImage({ engine, name: images[0] as string, recipe, log: () => {} }).catch((error: unknown) =>
        skip(this, messageOf(error)),
      );
    folder = await mkdtemp(path.join(tmpdir(), "kvchaos-other-servers-"));
  });
  after(async () => {
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  it("are each their own; one that starts again with another server keeps its data, and one that cannot read them is told with the server's words", async () => {
    const file = path.join(folder, "change.yaml");
    await writeFile(file, EXPERIMENT);
    const { code, stderr } = await conclusive(["run", file, "--image", REDIS, "--reports", folder]);
    const name = (await runFolders(folder)).at(-1) ?? "";
    const read = (what: string) => readFile(path.join(folder, name, what), "utf8");
    const result = JSON.parse(await read("result.json"));
    assert.equal(code, 1, stderr);

    assert.deepEqual(result.nodeImages, { r1: VALKEY });
    const node = (one: string) => result.nodes.find((each: { name: string }) => each.name === one);
    assert.deepEqual([node("m1").image, node("r1").image], [REDIS, VALKEY]);
    assert.match(node("m1").version, /^7\./);
    assert.match(node("r1").version, /^8\./);
    assert.match(result.serverVersion, /^r1: 8\..*; all others: 7\./);

    const exchange = (one: string) => result.exchanges.find((each: { by: string }) => each.by === one);
    assert.match(exchange("up").version, /^8\./);
    assert.equal(exchange("up").ended, false);
    assert.deepEqual([exchange("down").image, exchange("down").ended], [REDIS, true]);

    assert.deepEqual(
      result.findings.map(({ type, class: kind, node: who }: Record<string, string>) => [type, kind, who]),
      [["crash", "not-started", "r1"]],
    );
    assert.match(result.findings[0].proof, /Can't handle RDB format version 11/);

    const journal = (await read("journal.jsonl"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const states = journal.filter(({ type, node: who }) => type === "node-state" && who === "r2");
    const last = states.at(-1).state;
    assert.deepEqual([last.role, last.link], ["replica", "up"]);
    assert.match(last.version, /^8\./);
  });
});
