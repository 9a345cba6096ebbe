import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { until } from "../../base/deadline.ts";
import { CleanupScope } from "../../base/scope.ts";
import { connectEngine, type Engine } from "../../docker/engine.ts";
import { ownerLabels } from "../../docker/leftovers.ts";
import { registries } from "../../experiment/catalogue.ts";
import { readExperiment } from "../../experiment/read-experiment.ts";
import { readRun } from "../../history/read-history.ts";
import { ensureImage } from "../../images/ensure-image.ts";
import type { RunRecord } from "../../journal/record.ts";
import { adminCommand } from "../../resp/admin.ts";
import { replyText } from "../../resp/reply-text.ts";
import { redis } from "../../systems/redis.ts";
import { EXIT } from "../exit-codes.ts";
import { prepareAttached } from "./prepare-attached.ts";
import { runAttached } from "./run-attached.ts";

const IMAGE = "redis:7.0.15";
const WITHIN = 60_000;
const HEAD = "title: T\nsystems: [redis]\ncluster: { masters: 1, replicas: 1 }\nwarm-up: 1s\n";
const LOAD =
  "preload: { keys: 50 }\nload:\n  - { workload: set, rate: 50/s, connections: 2, keys: 100, record: true }\n";

describe("an experiment on servers that kvchaos did not start", function () {
  this.timeout(600_000);
  const scope = new CleanupScope();
  const login = { username: "chaos", password: `secret-${process.pid}` };
  const access = { ...login, sentinelPassword: undefined, tls: undefined };
  let engine: Engine;
  let folder: string;
  let ports: Record<"m1" | "r1", number>;
  const containers = { m1: `kvchaos-attached-m1-${process.pid}`, r1: `kvchaos-attached-r1-${process.pid}` };

  before(async () => {
    engine = await connectEngine();
    await ensureImage({ engine, name: IMAGE, recipe: redis.recipe, log: () => {} });
    folder = await mkdtemp(path.join(tmpdir(), "kvchaos-attached-"));
    scope.defer("its folder", () => rm(folder, { recursive: true, force: true }));
    const [m1 = 0, r1 = 0] = await engine.freePorts(2);
    ports = { m1, r1 };
    const labels = await ownerLabels(`attached-test-${process.pid}`);
    for (const [name, port] of Object.entries(ports)) {
      const command = ["redis-server", "--port", `${port}`, "--bind", "127.0.0.1", "--save", ""];
      command.push("--user", "chaos", "on", `>${login.password}`, "~*", "&*", "+@all", "--user", "default", "off");
      command.push("--masteruser", "chaos", "--masterauth", login.password);
      if (name === "r1") command.push("--replicaof", "127.0.0.1", `${m1}`);
      const container = containers[name as "m1"];
      const id = await engine.createContainer({ name: container, image: IMAGE, command, labels, hostNetwork: true });
      scope.defer(`remove ${name}`, () => engine.remove(id, { force: true, volumes: true }));
      await engine.start(id);
    }
    await until({ what: "replication", within: WITHIN, every: 50 }, async () =>
      /master_link_status:up/.test(await say("r1", "INFO", "replication")),
    );
    await say("m1", "SET", "user:1", "somebody's");
  });
  after(async () => {
    assert.deepEqual(await scope.close(), []);
  });

  const say = async (node: "m1" | "r1", ...argv: string[]): Promise<string> =>
    replyText(await adminCommand({ host: "127.0.0.1", port: ports[node] }, argv, { within: 5_000, ...login }));

  const write = async (name: string, text: string): Promise<string> => {
    const file = path.join(folder, name);
    await writeFile(file, text);
    return file;
  };
  const cluster = (allow: string): Promise<string> =>
    write(
      "cluster.yaml",
      `nodes:\n${Object.entries(ports)
        .map(([name, port]) => {
          const role = name === "m1" ? "master" : "replica";
          return `  ${name}: { at: "127.0.0.1:${port}", role: ${role}, container: ${containers[name as "m1"]} }\n`;
        })
        .join("")}${allow === "" ? "" : `allow: [${allow}]\n`}`,
    );
  const prepare = async (faults: string, allow: string) => {
    const file = await write("e.yaml", `${HEAD}duration: 5s\nfaults:\n${faults}\n`);
    const asked = { file, attach: await cluster(allow), deletes: false, access };
    return prepareAttached(await readExperiment(file, registries), asked, new AbortController().signal);
  };
  const run = async (rest: string, allow: string, meanwhile?: () => Promise<void>) => {
    const file = await write("e.yaml", HEAD + rest);
    const reports = await mkdtemp(path.join(folder, "reports-"));
    const asked = { file, attach: await cluster(allow), deletes: false, access, seed: "1", reports };
    const running = runAttached(await readExperiment(file, registries), {
      ...asked,
      quiet: true,
      json: false,
      expectFail: false,
    });
    await meanwhile?.();
    const code = await running;
    const name = (await readdir(reports, { withFileTypes: true })).find((one) => one.isDirectory())?.name ?? "";
    return { code, record: await readRun(path.join(reports, name)) };
  };
  const told = (record: RunRecord, about: string): string[] =>
    record.of("note").flatMap((note) => (note.about === about ? [note.text] : []));

  it("is refused a FLUSHALL over keys of others before anything is done, even where it is allowed", async () => {
    const flush = "  - { id: all, fault: flushall, at: 1s, node: m1 }";
    await assert.rejects(prepare(flush, ""), /flushall is not allowed: "flushall" is not in `allow`/);
    await assert.rejects(
      prepare(flush, "flushall"),
      /all would delete what is not ours: m1 has keys that do not begin/,
    );
    await assert.rejects(prepare("  - { fault: restart, at: 1s, node: m1 }", "kill"), /e\.yaml:7:14: restart needs/);
    assert.equal(await say("m1", "GET", "user:1"), "somebody's");
  });

  it("does what is allowed, and leaves every server as it was, with the keys of others and none of ours", async () => {
    const faults = [
      "{ id: slow, fault: latency, at: 100ms, links: [client -> m1], latency: 20ms, for: 500ms }",
      "{ id: halt, fault: pause, at: 200ms, node: r1, for: 500ms }",
      "{ id: switch, fault: switch-master, at: 2s, to: r1 }",
    ];
    const checks = "checks: [no-hang, no-crash, one-master, converges, recovers-within]\n";
    const rest = `${LOAD}duration: 3s\nfaults:\n${faults.map((one) => `  - ${one}\n`).join("")}${checks}`;
    const { code, record } = await run(rest, "pause");
    const effects = record
      .of("fault")
      .flatMap(({ step, id, effect }) => (step === "effect" ? [`${id} ${effect?.measured}`] : []));
    assert.deepEqual(effects.sort(), ["halt true", "slow true", "switch true"]);
    assert.equal(code, EXIT.pass, JSON.stringify(record.last("verdict")));
    assert.equal(record.first("cluster")?.attached, true);
    assert.match(told(record, "attached").join(), /every server is what it was before the run; \d\d+ keys of ours/);
    assert.match(await say("m1", "INFO", "replication"), /role:master/);
    assert.match(await say("r1", "INFO", "replication"), new RegExp(`role:slave\\r\\n.*master_port:${ports.m1}`, "s"));
    for (const node of ["m1", "r1"] as const) assert.equal(await say(node, "KEYS", "*"), "user:1");
    const { containers: left } = await engine.listByLabel(`kvchaos.run=${record.first("run")?.runId}`);
    assert.deepEqual(left, []);
    assert.ok(!JSON.stringify(record.events).includes(login.password));
  });

  it("tells of a server that ends by itself, which is not started again for that", async () => {
    let begun = false;
    const rest = `duration: 60s\nstop-on: first-finding\nrecovery: { within: 2s }\nchecks: [no-hang, no-crash]\n`;
    const { code, record } = await run(rest, "", async () => {
      await until({ what: "the run's own key", within: WITHIN, every: 50 }, async () => {
        begun = (await say("m1", "EXISTS", "kvchaos:kvchaos:probe")) === "1";
        return begun;
      });
      await engine.kill(containers.r1, "SIGKILL");
    });
    assert.ok(begun);
    assert.equal(code, EXIT.finding);
    const findings = record.of("check").flatMap((check) => check.findings.map(({ type, node }) => `${type} ${node}`));
    assert.deepEqual(findings, ["crash r1"]);
    assert.match(told(record, "teardown").join(), /could not put the servers back as they were: .*r1/s);
    assert.equal(await say("m1", "KEYS", "*"), "user:1");
  });
});
