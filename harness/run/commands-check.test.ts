import assert from "node:assert/strict";
import { ChaosError } from "../base/chaos-error.ts";
import { FakeCluster } from "../testing/fake-cluster.support.ts";
import { checkCommands } from "./commands-check.ts";

const load = (workload: string, wait: { replicas: number; within: number } | null = null) => ({
  name: "l",
  workload,
  wait,
});

describe("the commands of loads", () => {
  const { signal } = new AbortController();
  let cluster: FakeCluster;
  /** What a server says that knows these commands. */
  const knows = (...known: string[]) => {
    cluster.node("m1").admin = (argv) => {
      cluster.said.push(`m1: ${argv.join(" ")}`);
      const why = known.includes(argv[0] ?? "") ? "wrong number of arguments" : `unknown command '${argv[0]}'`;
      return Promise.reject(new ChaosError("infrastructure", `ERR ${why}`));
    };
  };
  beforeEach(() => {
    cluster = new FakeCluster(["m1"], { r1: "m1" });
  });

  it("are asked for once, in a form that does nothing", async () => {
    knows("MULTI", "EXEC", "DISCARD", "WATCH", "WAIT");
    await checkCommands(
      cluster,
      [load("transaction"), load("set", { replicas: 1, within: 10 }), load("transaction")],
      signal,
    );
    assert.deepEqual(cluster.said, ["m1: MULTI ?", "m1: EXEC ?", "m1: DISCARD ?", "m1: WATCH", "m1: WAIT"]);
  });

  it("must be known to the server, or the load is not started", async () => {
    knows("MULTI");
    for (const [one, told] of [
      [load("script"), /the load l needs EVAL: .*unknown command/],
      [load("set", { replicas: 1, within: 10 }), /the load l needs WAIT: .*unknown command/],
    ] as const) {
      await assert.rejects(checkCommands(cluster, [one], signal), (error) => {
        assert.ok(error instanceof ChaosError);
        assert.match(error.message, told);
        return error.hint !== undefined;
      });
    }
    cluster.node("m1").admin = () =>
      Promise.reject(new ChaosError("infrastructure", "ERR unknown or unsupported command 'EVAL'"));
    await assert.rejects(checkCommands(cluster, [load("script")], signal), /needs EVAL/);
  });

  it("are not asked for where every server has them", async () => {
    await checkCommands(cluster, [load("set"), load("zadd")], signal);
    assert.deepEqual(cluster.said, []);
  });
});
