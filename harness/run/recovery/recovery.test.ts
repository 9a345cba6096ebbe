import assert from "node:assert/strict";
import type { RunningCluster } from "../../cluster/running-cluster.ts";
import type { JournalEvent, NodeState } from "../../journal/events.ts";
import { FakeCluster } from "../../testing/fake-cluster.support.ts";
import type { NodeVerdict, RunningWatchdog } from "../../watchdog/watchdog.ts";
import { SeenStates } from "../chaos/seen-states.ts";
import { recover } from "./recovery.ts";

function setUp() {
  const cluster = new FakeCluster(["m1"], { r1: "m1" });
  const time = { now: 100 };
  const clock = { origin: 0n, now: () => time.now };
  const states = new SeenStates(clock);
  const conditions = new Map<string, NodeVerdict["condition"]>();
  const watchdog = {
    verdict: (node: string): NodeVerdict => ({
      node,
      condition: conditions.get(node) ?? "healthy",
      since: 0,
      why: "because",
    }),
  } as unknown as RunningWatchdog;
  const events: JournalEvent[] = [];
  /** Clients that are not served. */
  const clients: { node: string; what: string; load: string }[] = [];
  const see = async (name: string, change: Partial<NodeState>): Promise<void> => {
    time.now++;
    states.add(name, { ...(await cluster.node(name).state()), link: "up", ...change });
  };
  const go = (abandoned: string[] = [], within = 30_000, expectRoles: Record<string, string> = {}) =>
    recover({
      expectRoles,
      cluster: cluster as unknown as RunningCluster,
      watchdog,
      states,
      service: { pending: () => clients },
      clock,
      emit: (event) => void events.push(event as JournalEvent),
      within,
      claims: { of: () => null, abandoned: () => abandoned },
      signal: new AbortController().signal,
    });
  const waiting = () => events.flatMap((event) => (event.type === "recovery" ? event.waiting : [])).map((w) => w.what);
  return { cluster, conditions, clients, see, go, waiting };
}

describe("recovery", () => {
  it("is reached when the replica has applied what its master had after heal", async () => {
    const { see, go } = setUp();
    const going = go();
    await see("m1", { offset: 50 });
    await see("r1", { offset: 50 });
    assert.equal(await going, "recovered");
  });

  const wrong: [string, (set: ReturnType<typeof setUp>) => Promise<void>, RegExp][] = [
    ["a replica is behind", async ({ see }) => see("r1", { offset: 10 }), /offset 10, its master had 50/],
    ["its link is down", async ({ see }) => see("r1", { link: "down" }), /link is down/],
    ["it is in full sync", async ({ see }) => see("r1", { syncing: true }), /full sync/],
    ["it is a master", async ({ see }) => see("r1", { role: "master" }), /is a master/],
    ["it follows somebody else", async ({ see }) => see("r1", { masterPort: 1 }), /replicates from toxiproxy:1/],
    [
      "its clients are refused",
      async ({ see, clients }) => {
        clients.push({ node: "m1", what: "100 % of 20 operations refused (NOREPLICAS)", load: "set" });
        await see("r1", { offset: 50 });
      },
      /refused \(NOREPLICAS\)/,
    ],
    [
      "the watchdog says it hangs",
      async ({ see, conditions }) => {
        conditions.set("r1", "deadlocked");
        await see("r1", { offset: 50 });
      },
      /deadlocked: because/,
    ],
    ["nothing was seen of it since heal", async () => {}, /no state seen/],
  ];
  for (const [name, arrange, pattern] of wrong) {
    it(`is not reached while ${name}`, async () => {
      const set = setUp();
      const going = set.go([], 1_000);
      await set.see("m1", { offset: 50 });
      await arrange(set);
      assert.notEqual(await going, "recovered");
      assert.match(set.waiting().join("; "), pattern);
    });
  }

  it("looks once more when its time is over: it may have been late itself", async () => {
    const { see, go, waiting } = setUp();
    const going = go([], 1);
    const end = performance.now() + 20;
    while (performance.now() < end);
    await see("m1", { offset: 50 });
    await see("r1", { offset: 50 });
    assert.equal(await going, "recovered", waiting().join("; "));
  });

  it("does not wait for a process that ended by itself", async () => {
    const { see, go, conditions, waiting } = setUp();
    conditions.set("r1", "dead");
    // Waiting to the end would last longer than this test may.
    const going = go([], 600_000);
    await see("m1", { offset: 50 });
    assert.equal(await going, "hopeless");
    assert.match(waiting().join(), /dead/);
  });

  it("does not wait for a node that the experiment left down", async () => {
    const { see, go } = setUp();
    const going = go(["r1"]);
    await see("m1", { offset: 50 });
    assert.equal(await going, "recovered");
  });

  it("does not wait for the link of a replica whose master the experiment took away for good", async () => {
    const { see, go } = setUp();
    const going = go(["m1"]);
    await see("r1", { offset: 50, link: "down" });
    assert.equal(await going, "recovered");
  });

  const roles: [expected: string, seen: Partial<NodeState>, waits: RegExp | null][] = [
    ["any", { role: "master" }, null],
    ["any", { masterPort: 1, link: "up" }, /replicates from toxiproxy:1/],
    ["any", { link: "down" }, /link is down/],
    ["master", { role: "master" }, null],
    ["master", {}, /should be a master and is not/],
    ["replica", { offset: 50 }, null],
    ["replica", { role: "master" }, /should replicate from .* and is a master/],
    ["r2", { offset: 50 }, /should replicate from r2 and replicates from m1/],
  ];
  for (const [expected, seen, waits] of roles) {
    it(`expects r1 to be ${expected}: ${JSON.stringify(seen)} is ${waits ? "not recovered" : "recovered"}`, async () => {
      const { see, go, waiting } = setUp();
      const going = go([], waits ? 300 : 60_000, { r1: expected });
      await see("m1", { offset: 50 });
      await see("r1", seen);
      assert.equal(await going, waits === null ? "recovered" : "late");
      if (waits) assert.match(waiting().join(), waits);
    });
  }
});
