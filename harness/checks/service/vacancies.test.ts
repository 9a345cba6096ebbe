import assert from "node:assert/strict";
import type { EventOf, JournalEvent } from "../../journal/events.ts";
import { condition, event, fixture, state } from "../../testing/record-fixture.support.ts";
import { oneMaster } from "../roles/one-master.ts";

type Role = EventOf<"cluster">["nodes"][number]["role"];

/** m1 to m3 with a replica each, sentinels s1 to s3. Without `ruledBy` of servers only the first pair counts. */
function cluster(ruledBy: "operator" | "servers" | "sentinels"): JournalEvent[] {
  const names = ruledBy === "servers" ? ["m1", "m2", "m3", "r1", "r2", "r3"] : ["m1", "r1", "s1", "s2", "s3"];
  const roleOf = (name: string): Role =>
    name.startsWith("m") ? "master" : name.startsWith("r") ? "replica" : "sentinel";
  const nodes = names.map((name) => ({
    ...{ name, role: roleOf(name), container: name, image: "redis:7.0.15", digest: null, ports: {}, version: null },
  }));
  const all: EventOf<"topology"> = {
    type: "topology",
    t: 1100,
    masters: ["m1", "m2", "m3"],
    replicaOf: { r1: "m1", r2: "m2", r3: "m3" },
    reason: "setup",
    slots: [
      [0, 5460],
      [5461, 10_921],
      [10_922, 16_383],
    ],
  };
  const others = ["m2", "m3"].map((name) => state(54_000, name, "master"));
  const replicas = ["r2", "r3"].map((name) => state(54_000, name, "replica"));
  const known: JournalEvent = { type: "cluster", t: 600, nodes, links: [], ruledBy };
  return ruledBy === "servers" ? [known, all, ...others, ...replicas] : [known];
}

/** What servers say while m1 is master of the first shard, whether it lives or not. */
function views(nodes: readonly string[], claims: Record<string, number[]>): JournalEvent[] {
  const shards = ["m1", "m2", "m3"].map((owner, i) => ({ shard: i + 1, owner, epoch: i + 1 }));
  return nodes.map((node) => ({ type: "role-view", t: 54_100, node, shards, claims: claims[node] ?? [] }));
}

/** The process of this node is gone from `t` on. */
function gone(node: string, t: number, ours: boolean, exitCode = 137): JournalEvent[] {
  return [
    event("container", t, { node, action: "die", exitCode, ours }),
    condition(t + 1, node, ours ? "down" : "dead"),
    ...(ours ? [event("fault", t + 2, { id: `kill-${node}`, fault: "kill", step: "injected", targets: [node] })] : []),
  ];
}

function log(node: string, t: number, rule: string, said: string): JournalEvent {
  return event("log", t, { node, rule, line: `1:S 27 Nov 2026 08:00:00.000 # ${said}`, fields: { said } });
}

const LIVING = { m2: [2], m3: [3] };
const without = (...nodes: string[]) => ["m1", "m2", "m3", "r1", "r2", "r3"].filter((name) => !nodes.includes(name));

const judge = (events: JournalEvent[]) => {
  const result = oneMaster.check(fixture(events, {}));
  return { ...result, found: result.findings.map((one) => `${one.type}/${one.class} on ${one.node}`) };
};

describe("a shard without any master, where servers choose", () => {
  it("is found though its master was killed for good by the experiment: nobody was elected, and the logs say why", () => {
    const result = judge([
      ...cluster("servers"),
      ...gone("m1", 12_000, true),
      ...views(without("m1"), LIVING),
      log("r1", 11_000, "election-impossible", "Currently unable to failover: said before it all."),
      log("m2", 15_000, "election-vote-refused", "Failover auth denied to 1234: its master is up"),
      log("r1", 16_000, "election-impossible", "Currently unable to failover: Waiting for votes."),
      log("r1", 17_000, "election-cluster-state", "Cluster state changed: fail"),
    ]);
    assert.deepEqual(result.found, ["split-brain/no-claimant on m1"]);
    const [finding] = result.findings;
    assert.equal(
      finding?.summary,
      'Shard 1 (slots 0-5460) has no master after recovery: m1 was ended by the fault kill-m1 at 12.0 s and not started again; of its replicas r1 was not elected; r1 logged at 16.0 s: "Currently unable to failover: Waiting for votes.".',
    );
    assert.equal(finding?.proof, null);
    assert.equal(finding?.from, 12_000);
    assert.match(String(finding?.detail?.observed), /^m2, m3, r1, r2, r3 name m1 \(config epoch 1\)/);
    const lines = (finding?.detail?.lines ?? []) as string[];
    assert.deepEqual(
      lines.map((line) => line.slice(0, 12)),
      ["m2 at 15.0 s", "r1 at 16.0 s", "r1 at 17.0 s"],
    );
  });

  it("is found when its servers ended by themselves, though nobody is left to ask", () => {
    const result = judge([
      ...cluster("servers"),
      ...gone("m1", 12_000, false, 139),
      ...gone("r1", 13_000, false, 139),
      ...views(without("m1", "r1"), LIVING),
      log("m2", 15_000, "election-node-failed", "Marking node 1234 as failing (quorum reached)."),
    ]);
    assert.deepEqual(result.found, ["split-brain/no-claimant on m1"]);
    assert.match(result.findings[0]?.summary ?? "", /m1 ended by itself at 12.0 s \(exit code 139, SIGSEGV\)/);
    assert.match(result.findings[0]?.summary ?? "", /r1 ended by itself at 13.0 s .*no log tells of an election/);
  });

  it("is found with the replica's end when the experiment took only the master away", () => {
    const taken = [...gone("m1", 12_000, true), ...gone("r1", 13_000, false)];
    const result = judge([...cluster("servers"), ...taken, ...views(without("m1", "r1"), LIVING)]);
    assert.deepEqual(result.found, ["split-brain/no-claimant on m1"]);
  });

  it("is no finding, but told, when the experiment took all its servers away for good", () => {
    const taken = [...gone("m1", 12_000, true), ...gone("r1", 13_000, true)];
    const result = judge([...cluster("servers"), ...taken, ...views(without("m1", "r1"), LIVING)]);
    assert.deepEqual([result.valid, result.found], [true, []]);
    assert.match(
      result.why ?? "",
      /Shard 1 \(slots 0-5460\) has no master, for the experiment took all .* r1 was ended/,
    );
  });

  it("is no finding, but told, when the experiment left no majority that could elect; it is one when that came later", () => {
    const killed = (second: number) => [...gone("m1", 12_000, true), ...gone("m2", second, true)];
    const rest = [...cluster("servers"), ...views(without("m1", "m2"), { m3: [3] })];
    const result = judge([...rest, ...killed(12_500)]);
    assert.deepEqual([result.valid, result.found], [true, []]);
    assert.match(result.why ?? "", /no majority of 3 was left/);
    assert.deepEqual(judge([...rest, ...killed(49_000)]).found, ["split-brain/no-claimant on m1"]);
  });

  it("is none when the replica was elected, also of a master that ended by itself", () => {
    const elected: JournalEvent = {
      ...{ type: "topology", t: 17_000, masters: ["r1", "m2", "m3"], replicaOf: { m1: "r1", r2: "m2", r3: "m3" } },
      reason: "elected",
    };
    const shards = ["r1", "m2", "m3"].map((owner, i) => ({ shard: i + 1, owner, epoch: 7 }));
    const said = without("m1").map(
      (node, i): JournalEvent => ({
        ...{ type: "role-view", t: 54_100, node, shards, claims: [[2], [3], [1]][i] ?? [] },
      }),
    );
    const all = [...cluster("servers"), elected, ...said, state(54_050, "r1", "master")];
    assert.deepEqual(
      [judge([...all, ...gone("m1", 12_000, true)]).valid, judge([...all, state(54_060, "m1", "replica")]).found],
      [true, []],
    );
    const byItself = judge([...all, ...gone("m1", 12_000, false)]);
    assert.deepEqual(byItself.found, []);
  });

  it("is not known while one of its servers lives and did not answer", () => {
    const { valid, why, found } = judge([
      ...cluster("servers"),
      ...gone("m1", 12_000, true),
      ...views(without("m1", "r1"), LIVING),
    ]);
    assert.deepEqual([valid, found], ["unknown", []]);
    assert.match(why ?? "", /r1 did not tell/);
  });
});

describe("no master at all, where sentinels choose", () => {
  const sentinels = (nodes: string[]): JournalEvent[] =>
    nodes.map((node) => ({
      ...{ type: "role-view", t: 54_100, node, shards: [{ shard: 1, owner: "m1", epoch: 0 }], claims: [] },
    }));

  it("is found when they never elected one, with what they logged", () => {
    const result = judge([
      ...cluster("sentinels"),
      ...gone("m1", 12_000, true),
      ...sentinels(["s1", "s2", "s3"]),
      log("s1", 20_000, "election-sentinel-aborted", "-failover-abort-no-good-slave master kvchaos 10.0.0.9 6379"),
      log("s2", 21_000, "election-sentinel-down", "+odown master kvchaos 10.0.0.9 6379 #quorum 2/2"),
    ]);
    assert.deepEqual(result.found, ["split-brain/no-master on m1"]);
    assert.match(
      result.findings[0]?.summary ?? "",
      /^The cluster has no master after recovery: m1 was ended by the fault kill-m1 .* s1 logged at 20.0 s: "-failover-abort-no-good-slave/,
    );
    assert.match(String(result.findings[0]?.detail?.observed), /s1, s2, s3 name m1 .*; r1 says that it is a replica/);
  });

  it("is no finding when the experiment took the majority of the sentinels with it, or every server", () => {
    const two = [...gone("s1", 11_000, true), ...gone("s2", 11_500, true)];
    const rest = [...cluster("sentinels"), ...gone("m1", 12_000, true)];
    const fewer = judge([...rest, ...two, ...sentinels(["s3"])]);
    assert.deepEqual([fewer.valid, fewer.found], [true, []]);
    assert.match(fewer.why ?? "", /so many sentinels/);
    const none = judge([...rest, ...gone("r1", 13_000, true), ...sentinels(["s1", "s2", "s3"])]);
    assert.deepEqual([none.valid, none.found], [true, []]);
  });
});

describe("no master at all, where the operator chooses", () => {
  it("is found when it ended by itself, though it cannot be asked", () => {
    const result = judge([...cluster("operator"), ...gone("m1", 12_000, false, 139)]);
    assert.deepEqual(result.found, ["split-brain/no-master on m1"]);
    assert.equal(
      result.findings[0]?.summary,
      "The cluster has no master after recovery: m1 ended by itself at 12.0 s (exit code 139, SIGSEGV).",
    );
    assert.equal(result.why, null);
  });

  it("is no finding, but told, when the experiment took it away for good", () => {
    const result = judge([...cluster("operator"), ...gone("m1", 12_000, true)]);
    assert.deepEqual([result.valid, result.found], [true, []]);
    assert.match(result.why ?? "", /m1 was ended by the fault kill-m1 .* as the experiment asks/);
  });

  it("is none when the process was started again", () => {
    const back = event("container", 14_000, { node: "m1", action: "start" });
    const healthy = condition(15_000, "m1", "healthy");
    assert.equal(judge([...cluster("operator"), ...gone("m1", 12_000, false), back, healthy]).valid, true);
  });
});
