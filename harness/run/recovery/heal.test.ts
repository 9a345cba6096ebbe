import assert from "node:assert/strict";
import { deviationOf } from "../../cluster/dial/deviation.ts";
import type { RunningCluster } from "../../cluster/running-cluster.ts";
import type { JournalEvent, NodeCondition, NodeState } from "../../journal/events.ts";
import { FakeCluster } from "../../testing/fake-cluster.support.ts";
import type { RunningWatchdog } from "../../watchdog/watchdog.ts";
import { ExperimentMoves } from "../chaos/moves.ts";
import { type HealOptions, heal } from "./heal.ts";

/** Servers that say what a test lets them say, and do what they are told. */
class Scene extends FakeCluster {
  /** What a server says; an Error: it does not answer. Absent: it is as the topology says. */
  readonly says = new Map<string, Partial<NodeState> | Error>();
  readonly why: string[] = [];

  constructor(masters: string[], replicaOf: Record<string, string>) {
    super(masters, replicaOf);
    for (const node of this.nodes) {
      const state = node.state;
      Object.assign(node, {
        state: async () => {
          const said = this.says.get(node.name);
          if (said instanceof Error) throw said;
          return { ...(await state()), ...said };
        },
      });
    }
  }

  /** As a server that replicates from another says. */
  follows(node: string, to: string): Partial<NodeState> {
    const { host, port } = this.link(node, to).address;
    return { role: "replica", masterHost: host, masterPort: port };
  }

  async claimedSlots(): Promise<null> {
    return null;
  }

  async deviation(name: string): Promise<string | null> {
    return deviationOf(name, await this.node(name).state(), this.topology, this.nodeAt);
  }

  async tellRole(name: string, { by, why }: { by: string; why: string }): Promise<void> {
    this.why.push(`${name} by ${by}: ${why}`);
    await this.applyRole(name);
    this.says.delete(name);
  }
}

function setUp(more: Partial<HealOptions> = {}) {
  const cluster = new Scene(["m1"], { r1: "m1", r2: "m1" });
  const events: JournalEvent[] = [];
  const conditions = new Map<string, NodeCondition>();
  const moves = new ExperimentMoves(cluster);
  const go = () =>
    heal({
      cluster: cluster as unknown as RunningCluster,
      watchdog: {
        verdict: (node: string) => ({ node, condition: conditions.get(node) ?? "healthy", since: 0, why: "" }),
      } as unknown as RunningWatchdog,
      runner: { healAll: async () => void cluster.said.push("faults healed") },
      moves,
      reconcile: "minimal",
      emit: (event) => void events.push({ t: 0, ...event } as JournalEvent),
      claims: { of: () => null, abandoned: () => [] },
      signal: new AbortController().signal,
      ...more,
    });
  const notes = () => events.flatMap((one) => (one.type === "note" ? [`${one.about}: ${one.text}`] : []));
  const lookedAt = () => events.flatMap((one) => (one.type === "before-heal" ? [one] : []));
  const compared = () => events.flatMap((one) => (one.type === "comparison" ? [one] : []));
  return { cluster, conditions, moves, events, go, notes, lookedAt, compared };
}

describe("heal", () => {
  it("tells nothing to servers that are where they should be", async () => {
    const { cluster, go, compared } = setUp();
    await go();
    assert.deepEqual([cluster.said, compared()], [["faults healed"], []]);
  });

  it("journals how every node was before the faults are healed", async () => {
    const { cluster, go, lookedAt, events } = setUp({
      runner: { healAll: async () => void events.push({ t: 0, type: "note", about: "x", text: "healed" }) },
    });
    cluster.says.set("r2", { role: "master", masterHost: null, masterPort: null, offset: 7 });
    await go();
    assert.deepEqual(
      lookedAt().map(({ node, role, master, offset }) => [node, role, master, offset]),
      [
        ["m1", "master", null, null],
        ["r1", "replica", "m1", null],
        ["r2", "master", null, 7],
      ],
    );
    assert.equal(
      events.findIndex(({ type }) => type === "note"),
      3,
    );
  });

  it("tells only the one that deviates, says why, and looks at its data first", async () => {
    const { cluster, go, compared, events } = setUp();
    cluster.says.set("r2", { role: "master", masterHost: null, masterPort: null });
    await go();
    assert.deepEqual(cluster.said, ["faults healed", "r2 follows m1"]);
    assert.deepEqual(cluster.why, ["r2 by heal: should replicate from m1 and is a master"]);
    // Nobody is at the fake's address: it could not be read, and is told all the same.
    assert.deepEqual(
      compared().map(({ replica, complete, before: when }) => [replica, complete, when]),
      [["r2", false, "heal"]],
    );
    assert.ok(events.length > 0);
  });

  it("tells masters before their replicas", async () => {
    const { cluster, go } = setUp();
    cluster.says.set("m1", cluster.follows("m1", "r1"));
    cluster.says.set("r1", { role: "master", masterHost: null, masterPort: null });
    await go();
    assert.deepEqual(cluster.said, ["faults healed", "m1 is promoted", "r1 follows m1"]);
  });

  it("tells everybody where the experiment wants the operator's word, and nobody where it wants none", async () => {
    const operator = setUp({ reconcile: "operator" });
    await operator.go();
    assert.deepEqual(operator.cluster.said, ["faults healed", "m1 is promoted", "r1 follows m1", "r2 follows m1"]);
    assert.deepEqual(operator.cluster.why[0], "m1 by heal: reconcile: operator");
    const none = setUp({ reconcile: "none" });
    none.cluster.says.set("r2", { role: "master", masterHost: null, masterPort: null });
    await none.go();
    assert.deepEqual([none.cluster.said, none.compared()], [["faults healed"], []]);
  });

  for (const [reconcile, told] of [
    ["minimal", []],
    ["none", []],
    ["operator", ["m1 is promoted", "r1 follows m1", "r2 follows m1"]],
  ] as const) {
    it(`${told.length > 0 ? "undoes" : "leaves"} what the experiment's own commands moved: ${reconcile}`, async () => {
      const { cluster, moves, go } = setUp({ reconcile });
      moves.injected({ id: "cmd", fault: "command", params: { argv: ["REPLICAOF", "NO", "ONE"] } }, ["r1"]);
      cluster.says.set("r1", { role: "master", masterHost: null, masterPort: null });
      await go();
      assert.deepEqual(cluster.said, ["faults healed", ...told]);
      assert.equal("r1" in cluster.topology.replicaOf, told.length > 0);
    });
  }

  it("tells nobody where servers or sentinels rule", async () => {
    const { cluster, go } = setUp({ reconcile: "operator" });
    cluster.ruler = "sentinels";
    cluster.says.set("r2", { role: "master", masterHost: null, masterPort: null });
    await go();
    assert.deepEqual(cluster.said, ["faults healed"]);
  });

  it("does not look at nodes that stay down, and says which ones it could not look at", async () => {
    const { cluster, conditions, go, notes, lookedAt } = setUp({
      claims: { of: (node) => (node === "r1" ? "down" : null), abandoned: () => ["r1"] },
    });
    conditions.set("r2", "deadlocked");
    for (const node of ["r1", "r2"]) cluster.says.set(node, { role: "master", masterHost: null, masterPort: null });
    await go();
    assert.deepEqual(cluster.said, ["faults healed"]);
    assert.deepEqual(
      lookedAt().map(({ node }) => node),
      ["m1"],
    );
    assert.deepEqual(notes(), ["r2: its role was not looked at while healing: it is deadlocked"]);
    const held = setUp({ claims: { of: (node) => (node === "r1" ? "paused" : null), abandoned: () => [] } });
    await held.go();
    assert.match(held.notes().join(), /r1: .*a fault that could not be healed holds it/);
  });

  it("goes on with the others when one does not answer, or refuses its role", async () => {
    const { cluster, go, notes } = setUp();
    cluster.says.set("m1", new Error("no answer"));
    for (const node of ["r1", "r2"]) cluster.says.set(node, { role: "master", masterHost: null, masterPort: null });
    cluster.refusals.set("r1", new Error("ERR no"));
    await go();
    assert.deepEqual(cluster.said, ["faults healed", "r1 follows m1", "r2 follows m1"]);
    assert.deepEqual(notes(), [
      "m1: its role could not be set while healing: no answer",
      "r1: its role could not be set while healing: ERR no",
    ]);
  });

  it("ends with the run, once the faults are healed", async () => {
    const stop = new AbortController();
    const { cluster, go } = setUp({ signal: stop.signal, reconcile: "operator" });
    const ended = go();
    stop.abort(new Error("interrupted"));
    await assert.rejects(ended, /interrupted/);
    assert.deepEqual(cluster.said, ["faults healed"]);
  });
});
