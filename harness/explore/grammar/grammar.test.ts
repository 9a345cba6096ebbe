import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { seededRandom } from "../../base/random.ts";
import { registries } from "../../experiment/catalogue.ts";
import { documentText } from "../../experiment/document-text.ts";
import { readExperimentText } from "../../experiment/read-experiment.ts";
import { draw, groundOf } from "./draw.ts";
import type { Drawn } from "./drawn.ts";
import { DRAWN_FAULTS, NOT_DRAWN } from "./faults.ts";
import { commandsIn, givenCluster, grammarOf } from "./grammar-of.ts";
import { lineOf } from "./log-lines.ts";
import { mutate } from "./mutate.ts";

const EXPERIMENTS = path.join(import.meta.dirname, "../../../experiments");

async function grammarFor(system: string, only: string[] = [], without: string[] = []) {
  const folder = path.join(EXPERIMENTS, system);
  const tours = (await readdir(folder)).filter((name) => name.startsWith("foresee-"));
  const texts = await Promise.all(tours.map((name) => readFile(path.join(folder, name), "utf8")));
  return grammarOf(system, registries, { commands: commandsIn(texts), only, without });
}

async function mistakesIn(document: Drawn): Promise<string | null> {
  try {
    await readExperimentText(documentText(document), path.join(EXPERIMENTS, "any/drawn.yaml"), registries);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

describe("the grammar", () => {
  for (const system of registries.systems.keys()) {
    it(`draws and changes experiments of ${system} that a person could have written: nearly all fit together`, async () => {
      const grammar = await grammarFor(system);
      const documents: Drawn[] = [];
      const wrong: string[] = [];
      for (let number = 0; number < 24; number++) {
        const random = seededRandom(`${system}/${number}`);
        const [one, other] = [documents.at(-1), documents.at(-2)];
        const document =
          number % 2 === 0 || !one || !other ? draw(grammar, random) : mutate(one, other, grammar, random);
        const mistakes = await mistakesIn(document);
        if (mistakes === null) documents.push(document);
        else wrong.push(mistakes);
      }
      assert.ok(documents.length >= 18, wrong.join("\n"));
    });
  }

  it("knows every fault: it is drawn, or there is a reason why not", () => {
    assert.deepEqual(Object.keys({ ...DRAWN_FAULTS, ...NOT_DRAWN }).sort(), [...registries.faults.keys()].sort());
  });

  it("draws commands of some kinds of keys, and no pipeline for what takes several commands", async () => {
    const grammar = await grammarFor("redis", ["commands", "transaction"]);
    const loads = Array.from({ length: 20 }, (_, n) => draw(grammar, seededRandom(`c${n}`)).load as Drawn[]).flat();
    assert.ok(loads.every(({ pipeline }) => pipeline === undefined));
    const kinds = loads.filter(({ workload }) => workload === "commands").map(({ without }) => without as string[]);
    assert.ok(kinds.length > 5 && kinds.every((without) => without.length > 0) && new Set(kinds.map(String)).size > 3);
  });

  it("keeps to what the user wants", async () => {
    const only = await grammarFor("redis", ["kill", "pause", "set"]);
    assert.deepEqual(
      [only.faults, only.workloads],
      [["kill", "pause"].sort((a, b) => only.faults.indexOf(a) - only.faults.indexOf(b)), ["set"]],
    );
    const without = await grammarFor("redis", [], ["kill", "config", "workloads"]);
    assert.deepEqual([without.faults.includes("kill"), without.settings, without.workloads], [false, false, []]);
    await assert.rejects(grammarFor("redis", ["kil"]), /nothing that is drawn is called "kil"/);
  });

  it("waits for states that an earlier fault can bring, and draws no fault that outlasts the chaos phase", async () => {
    const grammar = await grammarFor("redis");
    for (let number = 0; number < 60; number++) {
      const document = draw(grammar, seededRandom(`states/${number}`));
      const length = Number.parseInt(String(document.duration), 10) * 1000;
      const before: string[] = [];
      for (const fault of document.faults as Drawn[]) {
        const { state } = (fault.when ?? {}) as { state?: string };
        const bring = ["switch-master", "partition", "pause", "packets", "bandwidth", "kill", "restart", "shutdown"];
        if (state !== undefined) assert.ok(before.some((kind) => bring.includes(kind)));
        if (typeof fault.at === "string" && typeof fault.for === "string") {
          const ms = (text: string) => Number.parseFloat(text) * (text.endsWith("ms") ? 1 : 1000);
          assert.ok(ms(fault.at) + ms(fault.for) <= length);
        }
        before.push(String(fault.fault));
      }
    }
  });

  it("draws for the ground that is there, and for the Compose files that are given", async () => {
    const grammar = await grammarFor("redis");
    const ground = { cluster: { replicas: 1 }, config: { redis: { appendonly: "yes" } } };
    for (let number = 0; number < 20; number++) {
      const random = seededRandom(`ground/${number}`);
      assert.deepEqual(groundOf(draw(grammar, random, ground)), ground);
      const changed = mutate(draw(grammar, random, ground), draw(grammar, random), grammar, random, true);
      assert.deepEqual(groundOf(changed), ground);
    }
    const shape = { masters: ["a"], replicas: ["b", "c"], links: [], controls: [] };
    const clusters = [givenCluster("/x/compose.yaml", shape)];
    const given = draw({ ...grammar, clusters, faults: ["pause"] }, seededRandom("1"));
    assert.equal(given.cluster, "/x/compose.yaml");
    for (const { node } of given.faults as Drawn[]) assert.ok(["a", "b", "c", "master"].includes(String(node)));
  });

  it("waits for a line of a log by what does not differ from run to run", () => {
    assert.equal(
      lineOf("Partial resynchronization request from <address> accepted. Sending # bytes of backlog."),
      "Partial resynchronization request from",
    );
    assert.equal(lineOf("# ops (x) a.b"), null);
    assert.equal(lineOf("[replication] begins [x]* now and then"), "replication\\] begins \\[x\\]\\* now and then");
  });

  it("takes no command that would say who is master, delete data, stop the server or listen for ever", async () => {
    for (const system of registries.systems.keys()) {
      const { commands } = await grammarFor(system);
      assert.ok(commands.length > 30, system);
      for (const argv of commands)
        assert.doesNotMatch(argv.join(" ").toUpperCase(), /^(FLUSH|SLAVEOF|REPLICAOF|SHUTDOWN|DEL |MONITOR|DEBUG)/);
    }
  });
});
