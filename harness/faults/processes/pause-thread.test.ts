import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { monotonicClock } from "../../base/clock.ts";
import { CleanupScope } from "../../base/scope.ts";
import { removeSharedFolders } from "../../docker/shared-folder.ts";
import type { EventOf } from "../../journal/events.ts";
import { Table } from "../../locks/library/layout.ts";
import { type LockLibrary, makeLibrary, missingForLibrary } from "../../locks/library/make-library.ts";
import { LockFolder } from "../../locks/lock-folder.ts";
import { FakeCluster } from "../../testing/fake-cluster.support.ts";
import { plannedParams } from "../../testing/planned-params.support.ts";
import { skip } from "../../testing/skip.support.ts";
import { pauseThread, whereText } from "./pause-thread.ts";

const PLACE = { before: "kvrocks+0x12ab", length: "400ms" };

describe("pause-thread, as it is written", () => {
  const planned = (written: object) => plannedParams(pauseThread, { node: "r1", ...written });

  it("has one place or a list of them in the plan, and a length and a seed that are drawn", () => {
    const one = planned({ before: "ReplicationThread::Stop", length: "2s..3s" });
    assert.deepEqual(one.before, ["ReplicationThread::Stop"]);
    assert.equal(one.afterLock, null);
    assert.ok(one.length >= 2000 && one.length <= 3000, String(one.length));
    assert.deepEqual(one, planned({ before: "ReplicationThread::Stop", length: "2s..3s" }));
    assert.ok(Number.isInteger(one.seed));
    assert.equal(planned({ ...PLACE, seed: 7 }).seed, 7);
    assert.deepEqual([one.everyNth, one.probability, one.most], [1, 1, 1]);
    assert.deepEqual(planned({ "after-lock": ["a", "b"], length: "1s" }).afterLock, ["a", "b"]);
  });

  it("tells where", () => {
    assert.equal(whereText(planned({ before: ["a", "b"], length: "1s" })), "before the lock in a or b");
    assert.equal(whereText(planned({ "after-lock": "c", length: "1s" })), "after the lock in c");
  });

  it("refuses no place, two of them, and a place after a join", () => {
    const wrong: [object, RegExp][] = [
      [{}, /either `before` or `after-lock`/],
      [{ before: "a", "after-lock": "b" }, /either `before` or `after-lock`/],
      [{ "after-lock": "b", kind: "join" }, /a join gets no lock/],
      [{ before: " a" }, /expected a function's name/],
      [{ before: "a", length: "2m" }, /at most 1m/],
    ];
    for (const [written, why] of wrong) {
      const read = pauseThread.parameters.written.safeParse({ node: "r1", length: "1s", ...written });
      assert.match(read.error?.message ?? "", why);
    }
  });
});

describe("pause-thread", () => {
  const runId = `pause-thread-test-${process.pid}`;
  let library: LockLibrary;
  let folder: LockFolder;

  before(async function () {
    const missing = missingForLibrary();
    if (missing !== null) skip(this, missing);
    this.timeout(600_000);
    library = await makeLibrary();
  });

  beforeEach(async () => {
    folder = await LockFolder.make(runId, "r1", library, 0);
  });

  afterEach(async () => {
    folder.close();
    await removeSharedFolders(runId);
  });

  /** What the library would write into the first rule. */
  function counts(fields: Record<string, number>, thread?: string): void {
    const file = path.join(folder.path, "control");
    const bytes = readFileSync(file);
    const [control, rule] = [new Table(library.layout, "control"), new Table(library.layout, "rule")];
    for (const [field, value] of Object.entries(fields)) rule.set(bytes, control.offset("rules"), field, value);
    if (thread !== undefined) rule.setText(bytes, control.offset("rules"), "last_name", thread);
    writeFileSync(file, bytes);
  }

  function rule(field: string): number {
    const bytes = readFileSync(path.join(folder.path, "control"));
    const [control, table] = [new Table(library.layout, "control"), new Table(library.layout, "rule")];
    return table.number(bytes, control.offset("rules"), field);
  }

  async function inject(written: object) {
    const cluster = new FakeCluster(["m1"], { r1: "m1" });
    Object.assign(cluster.node("r1"), { locks: folder });
    const scope = new CleanupScope();
    const said: string[] = [];
    const events: Omit<EventOf<"thread-pause">, "t">[] = [];
    const clock = monotonicClock();
    const injected = await pauseThread.inject(
      {
        id: "hold",
        cluster,
        clock,
        signal: new AbortController().signal,
        onHeal: (what, undo) => scope.defer(what, undo),
        claim: () => assert.fail("a node whose thread pauses is watched"),
        heldBy: () => null,
        keep: async (file: string) => file,
        pausing: (node) => {
          said.push(`${node} pauses`);
          return () => void said.push(`${node} goes on`);
        },
        note: () => {},
        emit: (event) => {
          if (event.type === "thread-pause") events.push(event);
        },
        capture: async () => {},
      },
      plannedParams(pauseThread, { node: "r1", ...written }),
    );
    return { injected, scope, said, events, clock };
  }

  it("arms a rule, and disarms it when healed", async () => {
    const { injected, scope } = await inject({ ...PLACE, kind: "join", thread: "worker*", "every-nth": 3, most: 4 });
    assert.deepEqual(injected.targets, ["r1"]);
    assert.equal(injected.effectAt, "heal");
    const armed = ["enabled", "after", "every", "max_hits", "length_us", "kind", "unwinds", "site_count"].map(rule);
    assert.deepEqual(armed, [1, 0, 3, 4, 400_000, 4, 0, 1]);
    assert.deepEqual(await scope.close(), []);
    assert.equal(rule("enabled"), 0);
  });

  it("has callers of places count only where that is asked for", async () => {
    await (await inject({ ...PLACE, callers: true })).scope.close();
    assert.equal(rule("unwinds"), 1);
  });

  it("has no effect while nobody has paused, and says how often the place was passed", async () => {
    const { injected, scope, events } = await inject(PLACE);
    counts({ passed: 12 });
    assert.deepEqual(await injected.effect(), {
      measured: false,
      summary: "no thread of r1 paused before the lock in kvrocks+0x12ab: 0 of 12 passages",
    });
    await scope.close();
    assert.deepEqual(events, []);
  });

  it("tells of a pause while it lasts and, with its length, when it is over", async () => {
    const { injected, scope, said, events } = await inject(PLACE);
    const began = Number(process.hrtime.bigint());
    counts({ passed: 3, hits: 1, pausing: 1, last_hit: began }, "master-repl");
    await injected.effect();
    assert.deepEqual(said, ["r1 pauses"]);
    assert.deepEqual(events, []);
    counts({ pausing: 0 });
    const effect = await injected.effect();
    assert.deepEqual(said, ["r1 pauses", "r1 goes on"]);
    assert.deepEqual(effect, {
      measured: true,
      summary: "paused master-repl of r1 for 400ms before the lock in kvrocks+0x12ab: 1 of 3 passages",
    });
    await scope.close();
    const { id, node, threads, pauses, ms } = events[0] ?? assert.fail("no event");
    assert.deepEqual([events.length, id, node, threads, pauses], [1, "hold", "r1", ["master-repl"], 1]);
    assert.ok(ms >= 0 && ms <= 400, String(ms));
  });

  it("says each of several pauses to who waits for them, and all together to the journal", async () => {
    const { injected, scope, said, events } = await inject({ ...PLACE, most: 9 });
    counts({ hits: 1, pausing: 1, last_hit: Number(process.hrtime.bigint()) }, "a");
    await injected.effect();
    counts({ hits: 3, pausing: 2, last_hit: Number(process.hrtime.bigint()) }, "b");
    await injected.effect();
    assert.deepEqual(said, ["r1 pauses", "r1 pauses", "r1 pauses"]);
    await scope.close();
    assert.deepEqual(said.slice(3), ["r1 goes on", "r1 goes on", "r1 goes on"]);
    assert.deepEqual(
      events.map(({ threads, pauses }) => [threads, pauses]),
      [[["a", "b"], 3]],
    );
  });

  it("does not excuse a server for ever that was killed in a pause", async () => {
    const { injected, scope, said } = await inject({ ...PLACE, length: "10ms" });
    const longAgo = Number(process.hrtime.bigint()) - 5e9;
    counts({ hits: 1, pausing: 1, last_hit: longAgo }, "worker");
    await injected.effect();
    assert.deepEqual(said, ["r1 pauses", "r1 goes on"]);
    await scope.close();
  });

  it("cannot be where the library is not", async () => {
    const cluster = new FakeCluster(["m1"], { r1: "m1" });
    const context = {
      ...{ id: "hold", cluster, clock: monotonicClock(), signal: new AbortController().signal },
      ...{ onHeal: () => {}, claim: () => () => {}, pausing: () => () => {}, note: () => {}, emit: () => {} },
      capture: async () => {},
      heldBy: () => null,
      keep: async (file: string) => file,
    };
    const params = plannedParams(pauseThread, { node: "r1", ...PLACE });
    await assert.rejects(pauseThread.inject(context, params), /runs without the library that sees locks/);
  });
});
