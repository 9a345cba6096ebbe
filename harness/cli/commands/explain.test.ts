import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { registries } from "../../experiment/catalogue.ts";
import { readPlan } from "../../experiment/plan-file.ts";
import type { Plan } from "../../journal/plan.ts";
import { kvchaosHere } from "../../testing/runs/kvchaos-here.support.ts";

describe("kvchaos explain", function () {
  this.timeout(600_000);
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "kvchaos-explain-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const explain = async (text: string, ...more: string[]): Promise<string> => {
    const file = path.join(folder, "experiment.yaml");
    await writeFile(file, text);
    const { code, stdout, stderr } = await kvchaosHere(["explain", file, "--seed", "7", ...more]);
    assert.equal(code, 0, stderr);
    return stdout;
  };

  it("says which keys belong to which shard, in comments of a plan that can be replayed", async () => {
    const text = await explain(
      `title: T\nsystems: [redis]\ncluster: { masters: 3, replicas: 1, mode: cluster }\nload: [{ workload: set, slots: 2 }, { workload: zadd, slots: 1 }]\n`,
    );
    assert.deepEqual(text.split("\n").slice(0, 4), [
      `# Keys that begin with a tag of a shard are that shard's, and those of its part of set, zadd do ("{s2}set:17"):`,
      "#   m1, r1: slots 0-5460, tags {s2} (slot 2843), {s6} (slot 2975)",
      "#   m2, r2: slots 5461-10921, tags {s3} (slot 6970), {s7} (slot 7102)",
      "#   m3, r3: slots 10922-16383, tags {s0} (slot 11097), {s1} (slot 15224)",
    ]);
    assert.equal(readPlan(text, "plan.yaml", registries).seed, "7");
  });

  it("says where loads go, and because of which fault not straight", async () => {
    const text = await explain(
      `title: T\ncluster: { masters: 1, replicas: 1 }\nload: [{ workload: set }, { workload: zadd, on: [r1] }]\nfaults: [{ id: cut, fault: partition, at: 1s, links: [client -> m1] }]\n`,
    );
    assert.deepEqual(text.split("\n").slice(0, 3), [
      "# Where loads go:",
      "#   set: straight to r1; through Toxiproxy to m1 (cut can touch client -> m1)",
      "#   zadd: straight to the node",
    ]);
  });

  it("prints the Compose file that it makes, which gives the same plan when it is saved", async () => {
    const rest =
      "systems: [redis]\nload: [{ workload: set }]\nfaults: [{ fault: kill, at: 1s..9s, node: any-replica }]\n";
    const text = `title: T\ncluster: { masters: 2, replicas: [3, 1], chain: 2 }\n${rest}`;
    const saved = path.join(folder, "saved.yaml");
    await writeFile(saved, await explain(text, "--compose"));
    const [made, named] = [await explain(text), await explain(`title: T\ncluster: saved.yaml\n${rest}`)];
    const [{ experiment, ...a }, { experiment: other, ...b }] = [made, named].map((one) =>
      readPlan(one, "plan.yaml", registries),
    ) as [Plan, Plan];
    assert.deepEqual({ ...a, experiment: { ...experiment, cluster: saved } }, { ...b, experiment: other });
    assert.deepEqual(experiment.cluster, {
      ...{ masters: 2, replicas: [3, 1], chain: 2, mode: "replication", sentinels: 0, nodes: {} },
    });
    // Of a file that is named, the file.
    assert.equal(await explain(`title: T\ncluster: saved.yaml\n${rest}`, "--compose"), await readFile(saved, "utf8"));
  });

  it("says nothing of shards where there are none, and shows the checks that the experiment gets", async () => {
    const text = await explain(`title: T\ncluster: { masters: 1, replicas: 0 }\n`);
    assert.doesNotMatch(text, /shard|slot/);
    assert.deepEqual(readPlan(text, "plan.yaml", registries).experiment.checks, [
      "no-hang",
      "no-crash",
      "one-master",
      "recovers-within",
      "serves",
    ]);
  });
});
