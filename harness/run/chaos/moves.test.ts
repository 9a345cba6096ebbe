import assert from "node:assert/strict";
import type { Topology } from "../../cluster/cluster.ts";
import type { NodeState } from "../../journal/events.ts";
import { FakeCluster } from "../../testing/fake-cluster.support.ts";
import { ExperimentMoves } from "./moves.ts";

/** A cluster that remembers what was taken over, and what each of its servers says. */
class Scene extends FakeCluster {
  readonly adopted: string[] = [];
  override adopt(topology: Topology, reason = ""): void {
    super.adopt(topology);
    const { masters, replicaOf } = topology;
    const links = Object.entries(replicaOf).map(([replica, master]) => `${replica}>${master}`);
    this.adopted.push(`${masters.join()} ${links.sort().join()}: ${reason}`);
  }
}

function setUp(masters = ["m1"], replicaOf: Record<string, string> = { r1: "m1", r2: "m1" }) {
  const cluster = new Scene(masters, replicaOf);
  const moves = new ExperimentMoves(cluster);
  const blank = cluster.system.state("");
  const master: NodeState = { ...blank, role: "master" };
  const follows = (node: string, to: string): NodeState => {
    const { host, port } = cluster.link(node, to).address;
    return { ...blank, role: "replica", masterHost: host, masterPort: port };
  };
  const command = (target: string, ...argv: string[]) =>
    moves.injected({ id: "cmd", fault: "command", params: { argv } }, [target]);
  /** What the nodes say when heal looks. */
  const adopt = (states: Record<string, NodeState>) => moves.adopt(new Map(Object.entries(states)));
  return { cluster, moves, master, follows, command, adopt };
}

describe("roles that an experiment's own commands move", () => {
  it("stay as the topology has them when no command was about roles, whatever the servers say", () => {
    const { cluster, moves, master, adopt, command } = setUp();
    command("r1", "CONFIG", "SET", "maxmemory", "1");
    moves.injected({ id: "x", fault: "pause", params: {} }, ["r1"]);
    moves.state("r1", master);
    adopt({ r1: master });
    assert.deepEqual(cluster.adopted, []);
  });

  it("are followed at once after FAILOVER, when both ends say so", () => {
    const { cluster, moves, master, follows, command } = setUp();
    command("m1", "failover");
    moves.state("m1", follows("m1", "r1"));
    assert.deepEqual(cluster.adopted, []);
    moves.state("r1", master);
    assert.deepEqual(cluster.adopted, ["r1 m1>r1,r2>m1: cmd: the servers made r1 master instead of m1"]);
    moves.state("r1", master);
    moves.state("m1", follows("m1", "r1"));
    assert.equal(cluster.adopted.length, 1);
    // Nobody asked for the way back.
    moves.state("r1", follows("r1", "m1"));
    moves.state("m1", master);
    assert.equal(cluster.adopted.length, 1);
  });

  it("and back again", () => {
    const { cluster, moves, master, follows, command } = setUp(["m1"], { r1: "m1" });
    command("m1", "FAILOVER");
    moves.state("m1", follows("m1", "r1"));
    moves.state("r1", master);
    command("r1", "FAILOVER");
    moves.state("r1", follows("r1", "m1"));
    moves.state("m1", master);
    assert.deepEqual(cluster.topology, { masters: ["m1"], replicaOf: { r1: "m1" } });
  });

  it("are not followed when nobody sent a FAILOVER: a server that changes its role by itself is to be found", () => {
    const { cluster, moves, master, follows, adopt } = setUp();
    moves.state("m1", follows("m1", "r1"));
    moves.state("r1", master);
    adopt({ m1: follows("m1", "r1"), r1: master });
    assert.deepEqual(cluster.adopted, []);
  });

  it("are followed at heal where no poll has seen the FAILOVER", () => {
    const { cluster, master, follows, command, adopt } = setUp();
    command("m1", "FAILOVER");
    adopt({ m1: follows("m1", "r1"), r1: master, r2: follows("r2", "m1") });
    assert.deepEqual(cluster.topology, { masters: ["r1"], replicaOf: { m1: "r1", r2: "m1" } });
  });

  it("leave a node out that was taken out of replication: it is nobody's replica, and no master for clients", () => {
    const { cluster, master, command, adopt } = setUp();
    command("r1", "REPLICAOF", "NO", "ONE");
    adopt({ r1: master, m1: master });
    assert.deepEqual(cluster.adopted, ["m1 r2>m1: as cmd left it"]);
  });

  it("make a master of one that still has replicas", () => {
    const { cluster, master, command, adopt } = setUp(["m1"], { r1: "m1", r2: "r1" });
    command("r1", "SLAVEOF", "NO", "ONE");
    adopt({ r1: master });
    assert.deepEqual(cluster.topology, { masters: ["m1", "r1"], replicaOf: { r2: "r1" } });
  });

  it("follow a REPLICAOF of another, of a replica as of a master", () => {
    const { cluster, follows, command, adopt } = setUp(["m1", "m2"], { r1: "m1" });
    command("r1", "REPLICAOF", "toxiproxy", "1");
    command("m2", "REPLICAOF", "toxiproxy", "1");
    adopt({ r1: follows("r1", "m2"), m2: follows("m2", "m1") });
    assert.deepEqual(cluster.topology, { masters: ["m1"], replicaOf: { r1: "m2", m2: "m1" } });
  });

  it("are left alone where they make a circle, no master at all, or an address that nobody has", () => {
    const { cluster, follows, command, adopt } = setUp(["m1"], { r1: "m1" });
    command("m1", "REPLICAOF", "toxiproxy", "1");
    adopt({ m1: follows("m1", "r1") });
    assert.deepEqual(cluster.adopted, []);
    adopt({ m1: { ...follows("m1", "r1"), masterHost: "elsewhere" } });
    assert.deepEqual(cluster.adopted, []);
    const two = setUp(["m1", "m2"], { r1: "m1" });
    two.command("m1", "REPLICAOF", "toxiproxy", "1");
    two.adopt({ m1: two.follows("m1", "r1") });
    assert.deepEqual(two.cluster.adopted, []);
  });

  it("of a node that does not answer, or says nothing of its role, are as they were meant", () => {
    const { cluster, master, command, adopt } = setUp();
    command("r1", "REPLICAOF", "NO", "ONE");
    adopt({ m1: master });
    adopt({ r1: cluster.system.state("") });
    assert.deepEqual(cluster.adopted, []);
  });

  it("are the servers' own affair where they rule", () => {
    const { cluster, master, command, adopt } = setUp();
    cluster.ruler = "servers";
    command("r1", "CLUSTER", "FAILOVER");
    adopt({ r1: master });
    assert.deepEqual(cluster.adopted, []);
  });
});
