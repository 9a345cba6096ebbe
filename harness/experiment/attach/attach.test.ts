import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { formatMistakes } from "../../base/mistakes.ts";
import { registries } from "../catalogue.ts";
import { readExperimentText } from "../read-experiment.ts";
import { readAttachText } from "./attach-file.ts";
import { attachRefusals } from "./attach-refusals.ts";

const NODES = 'nodes:\n  m1: { at: "10.0.0.7:6379", role: master }\n  r1: { at: "10.0.0.8:6379", role: replica }\n';
const head = "title: T\nsystems: [redis]\ncluster: { masters: 1, replicas: 1 }\nduration: 5s\n";

async function refused(rest: string, attach = NODES, above = head): Promise<string> {
  const text = above + rest;
  const experiment = await readExperimentText(text, "e.yaml", registries);
  const shape = await registries.readShape(experiment.cluster);
  return formatMistakes(
    attachRefusals({ experiment, text, file: "e.yaml" }, readAttachText(attach, "a.yaml"), shape, registries),
  );
}
const fault = (line: string) => `faults:\n  - { ${line}, at: 1s }\n`;

describe("an experiment on servers that are there", () => {
  it("may do what leaves nothing behind", async () => {
    for (const line of [
      "fault: switch-master, to: r1",
      "fault: command, node: m1, argv: [CONFIG, GET, maxmemory]",
      "fault: connection-storm, node: m1, connections: 10, for: 1s",
      "fault: latency, links: [client -> m1], latency: 5ms",
    ])
      assert.equal(await refused(fault(line)), "", line);
  });

  it("is refused every fault that needs a cluster of ours", async () => {
    const free = [
      "switch-master",
      "command",
      "duplicate-command",
      "connection-storm",
      "half-written-command",
      "latency",
    ];
    const allowed = ["kill", "pause", "flushall"];
    const attachable = [...registries.faults].filter(([, one]) => one.onAttached === "free").map(([kind]) => kind);
    assert.deepEqual(attachable.sort(), free.sort());
    const named = [...registries.faults].filter(([, one]) => one.onAttached === "allowed").map(([kind]) => kind);
    assert.deepEqual(named.sort(), allowed.sort());
    const said = await refused(fault("fault: restart, node: m1"));
    assert.equal(said, "e.yaml:6:14: restart needs a cluster that kvchaos has started");
    assert.match(await refused(fault("fault: latency, links: [r1 -> m1], latency: 5ms")), /r1 -> m1 is not$/);
  });

  it("is refused what is not allowed by name, and a process that nobody names", async () => {
    for (const kind of ["kill", "pause", "flushall"]) {
      const line = fault(`fault: ${kind}, node: m1`);
      assert.equal(await refused(line), `e.yaml:6:14: ${kind} is not allowed: "${kind}" is not in \`allow\` of a.yaml`);
      const said = await refused(line, `${NODES}allow: [${kind}]\n`);
      if (kind === "flushall") assert.equal(said, "");
      else assert.match(said, new RegExp(`^e\\.yaml:6:14: ${kind}: m1 of a\\.yaml has no (pid or )?container`));
      const reached = NODES.replaceAll("}", ", container: c }");
      if (kind === "kill") {
        const forGood = fault("fault: kill, node: m1, restart-after: never");
        assert.match(
          await refused(forGood, `${reached}allow: [kill]\n`),
          /^e\.yaml:6:\d+: every server is there again/,
        );
      }
      assert.equal(await refused(line, `${reached}allow: [${kind}]\n`), "");
    }
  });

  it("is refused commands that may do harm, however they are written", async () => {
    const said = (argv: string, attach?: string) => refused(fault(`fault: command, node: m1, argv: ${argv}`), attach);
    assert.match(await said("[flushall]"), /^e\.yaml:6:39: FLUSHALL is not allowed: "flushall" is not in `allow`/);
    assert.match(await said("[FlushDB]", `${NODES}allow: [FLUSHDB]\n`), /FLUSHDB is not allowed/);
    assert.equal(await said("[FLUSHALL]", `${NODES}allow: [flushall]\n`), "");
    for (const argv of ["[SHUTDOWN]", "[DEBUG, SEGFAULT]", "[CONFIG, SET, save, '']", "[DEL, k]", "[EVAL, x, '0']"])
      assert.match(await said(argv), /is not known to be harmless/, argv);
    const sleep = `${NODES}allow: ["DEBUG SLEEP"]\n`;
    assert.equal(await said("[debug, sleep, '1']", sleep), "");
    assert.match(await said("[DEBUG, SEGFAULT]", sleep), /is not known to be harmless/);
    const undo = "fault: command, node: m1, argv: [PING], undo: [FLUSHALL]";
    assert.match(await refused(fault(undo)), /FLUSHALL is not allowed/);
  });

  it("is refused settings of servers, and other nodes than the file has", async () => {
    assert.match(
      await refused("config: { redis: { save: '' } }\n"),
      /^e\.yaml:5:1: "config" is not for servers that are there/,
    );
    const renamed = NODES.replace("r1:", "r2:");
    assert.equal(
      await refused("", renamed),
      "a.yaml:1:1: missing r1 (replica), which the experiment has\na.yaml:3:3: r2 is no node of the experiment's cluster; its nodes: m1, r1",
    );
    assert.match(
      await refused("", NODES.replace("role: replica", "role: master")),
      /^a\.yaml:3:3: r1 is a replica in the experiment/,
    );
  });
});

describe("what needs a container of ours, or its log", () => {
  it("is refused where it is written", async () => {
    const said = async (rest: string) => (await refused(rest)).split("\n");
    assert.deepEqual(await said("checks: [no-hang, full-syncs]\n"), [
      "e.yaml:5:19: full-syncs is not for servers that are there: full syncs are counted in the servers' logs, which are their owner's",
    ]);
    assert.deepEqual(await said("load: [{ workload: commands }]\n"), [
      'e.yaml:5:20: "commands" draws from all commands that a server has, of which some know no prefix',
    ]);
    const log = "expectations: [{ node: m1, log: 'x', phase: recovery, within: 5s }]\n";
    assert.match(await refused(log), /^e\.yaml:5:16: what a log tells is read of containers of ours only/);
    const text = head.replace("replicas: 1 }", "replicas: 1, nodes: { m1: { memory: 1GiB } } }");
    assert.match(await refused("", NODES, text), /^e\.yaml:3:37: the servers have what they have/);
  });
});

describe("a file that names servers that are there", () => {
  it("is as docs/attach.md shows it", async () => {
    const page = await readFile(new URL("../../../docs/attach.md", import.meta.url), "utf8");
    const [, shown = ""] = /```yml\n([\s\S]*?)```/.exec(page) ?? [];
    const { nodes, prefix, allow } = readAttachText(shown, "docs/attach.md");
    assert.deepEqual(nodes.r1?.inside, { host: "172.17.0.3", port: 6379 });
    assert.deepEqual([Object.keys(nodes), prefix, allow], [["m1", "r1"], "kvchaos:", ["pause", "DEBUG SLEEP"]]);
    for (const [kind, { onAttached }] of registries.faults)
      assert.equal(page.includes(`\`${kind}\``), onAttached !== undefined, kind);
  });

  const wrong = (text: string, message: RegExp) => assert.throws(() => readAttachText(text, "a.yaml"), message);

  it("is refused with line and column where it is wrong", () => {
    wrong("nodes: { m1: { at: x, role: master } }\n", /a\.yaml:1:20: .*expected host:port/);
    wrong('nodes: { m1: { at: ":pw@h:1", role: master } }\n', /a\.yaml:1:20: .*KVCHAOS_PASSWORD/);
    wrong("nodes: { r1: { at: 'h:1', role: replica } }\n", /a\.yaml:1:8: no node is a master/);
    wrong(
      "nodes: { m1: { at: 'h:1', role: master }, r1: { at: 'h:1', role: replica } }\n",
      /m1 is at the same address/,
    );
    wrong("nodes: { m1: { at: 'h:1', role: master, pid: 2, container: c } }\n", /keep one of them/);
    wrong(`${NODES}allow: [restart]\n`, /a\.yaml:4:9: .*expected kill, pause, flushall/);
    wrong(`${NODES}prefix: ""\n`, /a\.yaml:4:1: expected a prefix/);
    wrong(`${NODES}nods: 1\n`, /a\.yaml:4:1: unknown key "nods"/);
  });
});
