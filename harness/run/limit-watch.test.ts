import assert from "node:assert/strict";
import type { JournalEvent } from "../journal/events.ts";
import type { OwnLimit } from "../journal/limits.ts";
import { planOf } from "../testing/plan-fixture.support.ts";
import { fixture } from "../testing/record-fixture.support.ts";
import { LimitWatch } from "./limit-watch.ts";
import type { RunContext } from "./run-context.ts";

const own = (abort: boolean): OwnLimit => ({
  ...{ text: "errors < 1%", measure: { of: "load", what: "errors" }, is: "<", than: { kind: "value", value: 0.01 } },
  ...{ load: null, node: null, phases: ["chaos"], for: 2000, abort },
});

describe("limits of the user's own on the way", () => {
  for (const abort of [true, false]) {
    it(`are told once${abort ? ", and end the chaos phase" : ""}`, () => {
      const told: string[] = [];
      const plan = planOf({ limits: { fullSyncs: null, memory: null, own: [own(abort)] } });
      const emit = (event: { type: string }) => told.push(event.type);
      const context = { options: { plan }, emit } as unknown as RunContext;
      const watched = { foundOne: () => told.push("found"), endChaos: () => told.push("end") };
      const watch = new LimitWatch(context, () => watched);
      const failing = Array.from({ length: 6 }, (_, i): JournalEvent => {
        const counts = { ok: 1, fail: 1, info: 0, errors: { ERR: 1 }, latency: null, connected: 1, connections: 1 };
        return { type: "load", t: 12_000 + i * 1000, load: "set", seconds: 1, ...counts };
      });
      for (const event of fixture(failing).events) watch.see(event);
      assert.deepEqual(told, ["limit-passed", "found", ...(abort ? ["end"] : [])]);
    });
  }
});
