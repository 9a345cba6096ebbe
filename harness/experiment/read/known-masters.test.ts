import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { registries } from "../catalogue.ts";
import { readExperiment } from "../read-experiment.ts";

const TWO_REPLICAS = "{ masters: 1, replicas: 2 }";

describe("promotions of who is the master already", () => {
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "kvchaos-masters-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** "line:column: message" for each mistake; none: the experiment is valid. */
  const mistakes = async (faults: string[], cluster = TWO_REPLICAS, system = "redis"): Promise<string[]> => {
    const file = join(folder, "experiment.yaml");
    const list = faults.map((fault) => `  - { ${fault} }\n`).join("");
    writeFileSync(file, `title: T\nsystems: [${system}]\ncluster: ${cluster}\nduration: 60s\nfaults:\n${list}`);
    return readExperiment(file, registries).then(
      () => [],
      ({ message }: Error) => message.replaceAll(`${file}:`, "").split("\n"),
    );
  };
  const already = (name: string, when = "is") =>
    `${name} ${when} the master already: nothing would change; name a replica`;

  it("are refused where they are written", async () => {
    assert.deepEqual(await mistakes(["fault: switch-master, at: 1s, to: m1"]), [`6:41: ${already("m1")}`]);
    assert.deepEqual(await mistakes(["fault: switch-master, at: 1s, to: master"]), [`6:41: ${already("master")}`]);
    assert.deepEqual(
      await mistakes(["fault: switch-master, after: cut, to: m1", "id: cut, fault: pause, node: r1, at: 1s"]),
      [`6:45: ${already("m1")}`],
    );
    assert.deepEqual(await mistakes(["fault: switch-master, at: 1s, to: m2"], "{ masters: 2, replicas: [1, 0] }"), [
      `6:41: ${already("m2")}`,
    ]);
    assert.deepEqual(
      await mistakes(["fault: switch-master, at: 1s, to: m2"], "{ masters: 2, replicas: 1, mode: cluster }", "kvrocks"),
      [`6:41: ${already("m2")}`],
    );
  });

  it("are followed through those before, as long as their order is certain", async () => {
    const second = "would be, when this happens for the 2nd time,";
    assert.deepEqual(await mistakes(["fault: switch-master, every: 3s, count: 2, to: r1"]), [
      `6:54: ${already("r1", second)}`,
    ]);
    assert.deepEqual(await mistakes(["fault: switch-master, every: 1s, count: 3, to: [r1, r2, m1]"]), []);
    assert.deepEqual(
      await mistakes(["fault: switch-master, at: 5s..6s, to: r1", "fault: switch-master, at: 1s..3s, to: r1"]),
      [`6:45: ${already("r1")}`],
    );
    assert.deepEqual(
      await mistakes(["fault: switch-master, at: 5s..6s, to: m1", "fault: switch-master, at: 1s..3s, to: r1"]),
      [],
    );
  });

  it("are let through where nobody can know", async () => {
    const overlapping = ["fault: switch-master, at: 2s..4s, to: m1", "fault: switch-master, at: 1s..3s, to: r1"];
    assert.deepEqual(await mistakes(overlapping), []);
    const onState = [
      "fault: switch-master, when: { node: r1, state: link-down }, to: r1",
      "fault: switch-master, at: 9s, to: m1",
    ];
    assert.deepEqual(await mistakes(onState), []);
    assert.deepEqual(await mistakes(["fault: switch-master, at: 1s", "fault: switch-master, at: 5s, to: r1"]), []);
  });

  it("are not looked for where servers or sentinels choose, nor where a replica is re-pointed", async () => {
    assert.deepEqual(
      await mistakes(["fault: switch-master, at: 1s, to: m1"], "{ masters: 3, replicas: 1, mode: cluster }"),
      [],
    );
    assert.deepEqual(await mistakes(["fault: switch-master, at: 1s, node: r1, to: m1"]), []);
  });
});
