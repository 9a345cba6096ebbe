import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parse, stringify } from "yaml";
import { composeText } from "../cluster/topology/compose-text.ts";
import { readRecord } from "../journal/reader.ts";
import { recordOf } from "../journal/record.ts";
import { redirectRefusal } from "../network/virtual-addresses.ts";
import { conclusive, runFolders } from "../testing/kvchaos-process.support.ts";
import { topology } from "../testing/samples/topology.support.ts";
import { skip } from "../testing/skip.support.ts";

/** Asks m1 again and again, and says what it heard. */
const ASKS = "while :; do timeout 1 redis-cli -h m1 -p 6379 INCR helper:asked || echo silence; sleep 0.2; done";

const EXPERIMENT = `title: What runs beside the servers
cluster: compose.yaml
load: [{ workload: set, rate: 50/s, connections: 2, keys: 100, value: 10B }]
warm-up: 1s
duration: 8s
faults:
  - { id: cut, fault: partition, when: { node: asker, log: "^[0-9]+$" }, links: [asker -> m1], mode: blackhole, for: 3s }
  - { id: crash, fault: kill, at: 1s, node: store, restart-after: 2s }
  - { id: still, fault: pause, at: 5s, node: store, for: 1s }
recovery: { within: 60s }
expectations:
  - { id: silent, node: asker, log: silence, within: 5s, of: cut }
checks: [no-crash, no-hang, recovers-within, converges]
`;

describe("helper services of a Compose file", function () {
  this.timeout(600_000);
  let folder: string;

  before(async function () {
    const refusal = redirectRefusal(true);
    if (refusal !== null) skip(this, refusal);
    folder = await mkdtemp(path.join(tmpdir(), "kvchaos-helpers-"));
  });
  after(async () => {
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  it("are there before the servers, are cut off, killed and paused like a node, and asked nothing", async () => {
    const compose = parse(composeText(topology()), { merge: true });
    const beside = { image: "redis:7.0.15", networks: ["data", "admin"], labels: { "kvchaos.role": "helper" } };
    compose.services.store = { ...beside, command: ["redis-server", "--port", "7000"], ports: ["127.0.0.1::7000"] };
    compose.services.asker = { ...beside, command: ["sh", "-c", ASKS] };
    await writeFile(path.join(folder, "compose.yaml"), stringify(compose));
    const file = path.join(folder, "experiment.yaml");
    await writeFile(file, EXPERIMENT);
    const reports = path.join(folder, "reports");
    const { code, stderr } = await conclusive(["run", file, "--image", "redis:7.0.15", "--reports", reports]);
    assert.equal(code, 0, stderr);
    const run = path.join(reports, (await runFolders(reports)).at(-1) ?? "");
    const { events } = await readRecord(path.join(run, "journal.jsonl"));
    const record = recordOf(events);
    const { nodes = [], links = [] } = record.last("cluster") ?? {};
    assert.deepEqual(
      nodes.filter(({ role }) => role === "helper").map(({ name, image, version }) => [name, image, version]),
      [
        ["store", "redis:7.0.15", null],
        ["asker", "redis:7.0.15", null],
      ],
    );
    const names = links.map(({ name }) => name);
    for (const link of ["asker -> m1", "asker -> r1", "asker -> store", "store -> m1"])
      assert.ok(names.includes(link), link);
    assert.ok(!names.includes("store -> asker"), "nobody can dial what has no port");
    const done = record.view.faults.map(({ id, outcome, effect }) => [id, outcome, effect?.measured]);
    assert.deepEqual(done.sort(), [
      ["crash", "done", true],
      ["cut", "done", true],
      ["still", "done", true],
    ]);
    assert.ok(!events.some((event) => event.type === "probe" && ["store", "asker"].includes(event.node)));
    assert.match(await readFile(path.join(run, "evidence/logs/asker.log"), "utf8"), /silence/);
    assert.match(await readFile(path.join(run, "report.html"), "utf8"), /store/);
  });
});
