import assert from "node:assert/strict";
import type { EventOf, JournalEvent } from "./events.ts";
import { recordOf } from "./record.ts";
import { EventStore } from "./thin.ts";

describe("a long journal in memory", () => {
  const load = (i: number): JournalEvent => ({
    type: "load",
    t: i * 1000,
    load: "set",
    seconds: 1,
    ok: 10,
    fail: i % 2,
    info: 0,
    errors: i % 2 ? { READONLY: 1 } : { ["__proto__"]: 1 },
    latency: { count: 10, p50: 1, p99: 2, max: i === 777 ? 500 : 3 },
    connected: i === 778 ? 2 : 16,
    connections: 16,
  });
  const self = (i: number): JournalEvent => ({
    type: "self",
    t: i * 1000,
    mainDelay: i === 50 ? 90 : 1,
    probeDelay: 1,
    cpuPressure: null,
    memoryPressure: null,
    ioPressure: null,
    controlMax: null,
    controlOldest: 0,
    starved: i % 1000 === 0,
  });

  function stored(count: number, ...make: ((i: number) => JournalEvent)[]) {
    const store = new EventStore();
    for (let i = 0; i < count; i++) for (const one of make) store.add(one(i));
    return recordOf(store.events());
  }

  it("keeps half an hour of samples as they are", () => {
    assert.equal(stored(1800, load).of("load").length, 1800);
  });

  it("keeps totals exact, peaks as peaks and the last moments whole, whatever its length", () => {
    const record = stored(50_000, load);
    const kept = record.of("load");
    assert.ok(kept.length <= 2000, String(kept.length));
    const sum = (of: "ok" | "fail" | "seconds") => kept.reduce((all, event) => all + event[of], 0);
    assert.deepEqual([sum("ok"), sum("fail"), sum("seconds")], [500_000, 25_000, 50_000]);
    assert.equal(
      kept.reduce((all, event) => all + (event.errors.READONLY ?? 0), 0),
      25_000,
    );
    assert.equal(Math.max(...kept.map((event) => event.latency?.max ?? 0)), 500);
    assert.equal(Math.min(...kept.map((event) => event.connected)), 2);
    assert.equal(record.end, 49_999_000);
    assert.deepEqual(
      kept.slice(-100).map((event) => event.t),
      Array.from({ length: 100 }, (_, i) => (49_900 + i) * 1000),
    );
  });

  it("keeps every starved second and counts all of them", () => {
    const kept = stored(50_000, self).of("self");
    assert.equal(kept.filter((event) => event.starved).length, 50);
    assert.equal(
      kept.reduce((all, event) => all + (event.seconds ?? 1), 0),
      50_000,
    );
    assert.ok(kept.length < 3000);
    assert.equal(Math.max(...kept.map((event) => event.mainDelay)), 90);
  });

  it("never merges two states of a node between which its role or its link changed", () => {
    const state = (i: number): JournalEvent => {
      const changes = Math.floor(i / 2000) % 2 === 1;
      const given = { role: changes ? "master" : "replica", link: changes ? "none" : "up", offset: i };
      return { type: "node-state", t: i, node: "r1", state: { ...EMPTY, ...given } as EventOf<"node-state">["state"] };
    };
    const kept = stored(16_000, state).of("node-state");
    assert.ok(kept.length <= 2000);
    for (let block = 0; block < 8; block++) {
      const own = kept.filter((event) => Math.floor(event.t / 2000) === block);
      assert.ok(own.length > 0 && own.every((event) => event.state.role === (block % 2 ? "master" : "replica")));
      assert.equal(own.at(-1)?.t, block * 2000 + 1999, "the last state before a change is there");
    }
  });

  it("grows instead of trying again and again when nothing can be merged", () => {
    const process = (i: number): JournalEvent => ({
      type: "process",
      t: i,
      node: "r1",
      alive: true,
      pid: i,
      threads: 1,
      cpuMs: 1,
      switches: 1,
      rssBytes: 1,
    });
    assert.equal(stored(20_000, process).of("process").length, 20_000);
  });

  const EMPTY = {
    version: null,
    masterHost: null,
    masterPort: null,
    syncing: false,
    syncProgress: null,
    loading: false,
    lastIoSeconds: null,
    replicas: [],
    commandsProcessed: null,
    clients: null,
    workers: null,
  };
});
