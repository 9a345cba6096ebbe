import assert from "node:assert/strict";
import { monotonicClock } from "../../base/clock.ts";
import { CleanupScope } from "../../base/scope.ts";
import type { ContainerState } from "../../cluster/cluster.ts";
import type { JournalEvent } from "../../journal/events.ts";
import { FakeCluster } from "../../testing/fake-cluster.support.ts";
import type { Effect } from "../fault.ts";
import { shutdown } from "./shutdown.ts";

const RUNNING: ContainerState = { running: true, paused: false, exitCode: null, oomKilled: false, startedAt: null };

const STARTED = {
  failure: null,
  server: {
    before: "redis:7.0.15",
    image: "redis:7.0.15",
    digest: null,
    container: "",
    version: "7.0.15",
    ended: null,
  },
};

interface Tried {
  said: string[];
  effect: Effect;
  told: Extract<JournalEvent, { type: "shutdown" }> | undefined;
}

/** Shuts r1 down. It ends on the given signals only. */
async function inject(
  via: "sigterm" | "shutdown",
  endsOn: readonly string[],
  exitCode = 0,
  settings: Record<string, string> = {},
): Promise<Tried> {
  const cluster = new FakeCluster(["m1"], { r1: "m1" });
  const { said } = cluster;
  const node = cluster.node("r1");
  let state = RUNNING;
  const heard = (what: string) => {
    said.push(what);
    if (endsOn.includes(what)) state = { ...RUNNING, running: false, exitCode };
  };
  Object.assign(node, {
    inspect: async () => state,
    kill: async (signal: string) => heard(signal),
    admin: async (argv: string[]) => {
      heard(argv.join(" "));
      return argv[1] === "GET" ? [argv[2], settings[String(argv[2])] ?? ""] : "OK";
    },
    startAs: async () => {
      state = RUNNING;
      heard("start");
      return STARTED;
    },
  });
  let told: Tried["told"];
  const scope = new CleanupScope();
  const injected = await shutdown.inject(
    {
      id: "stop#1",
      cluster,
      clock: monotonicClock(),
      signal: new AbortController().signal,
      onHeal: (what, undo) => scope.defer(what, undo),
      claim: (name, as) => {
        said.push(`${name} is ${as} by us`);
        return () => void said.push("released");
      },
      heldBy: () => null,
      keep: async (file: string) => file,
      pausing: () => () => {},
      note: () => {},
      emit: (event) => {
        if (event.type === "shutdown") told = { t: 0, ...event };
      },
      capture: async (name, reason) => void said.push(`capture ${name}: ${reason}`),
    },
    { node: "r1", via, within: 100 },
  );
  return { said, effect: await injected.effect(), told };
}

const ASKED = ["r1 is down by us", "CONFIG GET appendonly", "CONFIG GET save"];

describe("shutdown", () => {
  it("starts a server that ended in time again, in its role, and tells its exit code", async () => {
    const { said, effect, told } = await inject("sigterm", ["SIGTERM"], 3);
    assert.deepEqual(said, [...ASKED, "SIGTERM", "capture r1: dead", "start", "r1 follows m1", "released"]);
    assert.equal(effect.measured, true);
    assert.match(effect.summary, /r1 ended with exit code 3 after/);
    assert.equal(told?.exitCode, 3);
    assert.ok(told?.ended);
  });

  it("looks for a core of one that ended well, and notes whether its settings keep its data", async () => {
    const { said, told } = await inject("sigterm", ["SIGTERM"], 0, { save: "3600 1" });
    assert.deepEqual(said.slice(0, 5), [...ASKED, "SIGTERM", "capture r1: core"]);
    assert.equal(told?.keepsData, true);
    assert.equal((await inject("sigterm", ["SIGTERM"], 0, { save: "" })).told?.keepsData, false);
  });

  it("is healed by waiting for the end of one that was asked, when the run goes on while it ends", async () => {
    const cluster = new FakeCluster(["m1"], { r1: "m1" });
    const { said } = cluster;
    const node = cluster.node("r1");
    const chaos = new AbortController();
    let state = RUNNING;
    Object.assign(node, {
      inspect: async () => state,
      admin: async () => "OK",
      kill: async (signal: string) => {
        said.push(signal);
        if (signal === "SIGTERM") chaos.abort(new Error("the chaos phase is over"));
        else setTimeout(() => Object.assign(state, { running: false, exitCode: 137 }), 30);
      },
      startAs: async () => {
        assert.equal(state.running, false, "a server that ends cannot be started");
        said.push("start");
        return STARTED;
      },
    });
    state = { ...RUNNING };
    const scope = new CleanupScope();
    const injecting = shutdown.inject(
      {
        id: "stop#1",
        cluster,
        clock: monotonicClock(),
        signal: chaos.signal,
        onHeal: (what, undo) => scope.defer(what, undo),
        claim: () => () => {},
        heldBy: () => null,
        keep: async (file: string) => file,
        pausing: () => () => {},
        note: () => {},
        emit: () => {},
        capture: async () => {},
      },
      { node: "r1", via: "sigterm", within: 60_000 },
    );
    await assert.rejects(injecting, /the chaos phase is over/);
    assert.deepEqual(await scope.close(), []);
    assert.deepEqual(said, ["SIGTERM", "SIGKILL", "start", "r1 follows m1"]);
  });

  it("captures one that does not end before it kills it", async () => {
    const { said, effect, told } = await inject("shutdown", ["SIGKILL"], 137);
    const wanted = ["SHUTDOWN", "capture r1: shutdown-hang", "SIGKILL", "start", "r1 follows m1"];
    assert.deepEqual(said.slice(ASKED.length, -1), wanted);
    assert.match(effect.summary, /had not ended after 100 ms and was killed/);
    assert.equal(told?.ended, null);
    assert.equal(told?.exitCode, null);
  });
});
