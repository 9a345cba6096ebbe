import assert from "node:assert/strict";
import type { ComposeFile } from "../docker/compose.ts";
import type { Plan, PlannedFault } from "../journal/plan.ts";
import { hasHidden, hiddenPlan, secretsOf, withPassword } from "./secrets.ts";

const CONFIG = {
  redis: {
    requirepass: "p1",
    "tls-auth-clients": "no",
    user: "bob on >p2 <p3 #abc ~* &* +@all",
    maxmemory: "1gb",
  },
  kvrocks: { masterauth: "p4", "namespace.tenant": "p5" },
  pika: { userpass: "p6", userblacklist: "flushall" },
};

const CLUSTER = { nodes: { r1: { memory: 1, config: { redis: { masterauth: "p7", save: "p7" } } }, r2: { cpus: 1 } } };

function planWith(...argvs: string[][]): Plan {
  const faults = argvs.map((argv, i) => ({ id: `f${i}`, fault: "command", params: { node: "m1", argv } }));
  return {
    experiment: { config: CONFIG, cluster: CLUSTER },
    faults: faults as unknown as PlannedFault[],
  } as unknown as Plan;
}
const compose = {
  services: [{ config: { redis: { requirepass: "c1" } }, environment: { PIKA_REQUIREPASS: "c2", TZ: "UTC" } }],
} as unknown as ComposeFile;

describe("secrets of a plan", () => {
  it("are found in settings, users' rules, the Compose file and commands, and nowhere else", () => {
    const plan = planWith(
      ["AUTH", "alice", "a1"],
      ["config", "SET", "maxmemory", "2gb", "masterauth", "a2"],
      ["ACL", "SETUSER", "carol", "on", ">a3", "+get"],
      ["HELLO", "3", "AUTH", "default", "a4"],
      ["MIGRATE", "h", "1", "", "0", "5", "AUTH", "a5", "KEYS", "k"],
      ["SET", "auth", "value"],
    );
    assert.deepEqual(secretsOf(plan, compose).sort(), "a1 a2 a3 a4 a5 abc c1 c2 p1 p2 p3 p4 p5 p6".split(" "));
  });

  it("are hidden in the plan, whose other words stay as they are", () => {
    const plan = planWith(["CONFIG", "SET", "requirepass", "p1"], ["SET", "p1", "p4"]);
    const { experiment, faults } = hiddenPlan(plan);
    assert.deepEqual(experiment.config, {
      redis: {
        requirepass: "•••",
        "tls-auth-clients": "no",
        user: "bob on >••• <••• #••• ~* &* +@all",
        maxmemory: "1gb",
      },
      kvrocks: { masterauth: "•••", "namespace.tenant": "•••" },
      pika: { userpass: "•••", userblacklist: "flushall" },
    });
    assert.deepEqual(experiment.cluster, {
      nodes: { r1: { memory: 1, config: { redis: { masterauth: "•••", save: "p7" } } }, r2: { cpus: 1 } },
    });
    assert.deepEqual(
      faults.map(({ params }) => (params as { argv: string[] }).argv.join(" ")),
      ["CONFIG SET requirepass •••", "SET p1 p4"],
    );
    assert.ok(hasHidden(hiddenPlan(plan)) && !hasHidden(plan));
  });

  it("become one password wherever they were hidden, in the Compose file too", () => {
    const opened = withPassword(hiddenPlan(planWith(["AUTH", "x"])), compose, "made-up");
    assert.equal(opened.plan.experiment.config.redis?.user, "bob on >made-up <made-up #made-up ~* &* +@all");
    assert.equal(opened.plan.experiment.config.kvrocks?.masterauth, "made-up");
    assert.equal(opened.compose.services[0]?.config.redis?.requirepass, "made-up");
    assert.ok(!hasHidden(opened.plan));
  });
});
