import assert from "node:assert/strict";
import type { JournalEvent } from "../../journal/events.ts";
import { recordOf } from "../../journal/record.ts";
import { coverText } from "../finding/watching-text.ts";
import { html } from "../html/markup.ts";
import { fullSyncLane, processLanes, switchLane } from "./measured-lanes.ts";
import { timeScale, WIDE } from "./time-scale.ts";

describe("lanes about the servers", () => {
  const scale = timeScale(0, 10_000, WIDE);
  const process = (t: number, cpuMs: number | null, pid = 7): JournalEvent => ({
    type: "process",
    t,
    node: "<r1>",
    alive: cpuMs !== null,
    pid: cpuMs === null ? null : pid,
    threads: 1,
    cpuMs,
    switches: 1,
    rssBytes: cpuMs === null ? null : 64 * 1024 ** 2,
  });

  it("turns CPU totals into cores, and begins again after a restart", () => {
    const events = [
      process(0, 100),
      process(1000, 1100),
      process(2000, null),
      process(3000, 20, 8),
      process(4000, 520, 8),
    ];
    const [cpu, memory] = processLanes(recordOf(events));
    const svg = html`${cpu?.draw(scale, 0)}`.text;
    assert.match(svg, /&lt;r1&gt;: 0\.5 to 1</);
    assert.equal(svg.match(/ d="[^"]*"/)?.[0].match(/M/g)?.length, 2, "two courses");
    assert.match(html`${memory?.draw(scale, 0)}`.text, /64 MiB to 64 MiB/);
    assert.deepEqual(processLanes(recordOf([])), []);
  });

  it("draws a full sync in percent and counts how they ended", () => {
    const sync = (t: number, step: "start" | "progress" | "done" | "failed", done: number | null): JournalEvent => ({
      type: "full-sync",
      t,
      node: "r1",
      step,
      done,
      total: done === null ? null : 8,
    });
    const events = [
      sync(0, "start", null),
      sync(1000, "progress", 2),
      sync(1500, "failed", null),
      sync(2000, "start", null),
      sync(2500, "progress", 6),
      sync(3000, "done", null),
    ];
    const [lane] = fullSyncLane(recordOf(events));
    assert.equal(lane?.title, "Full sync: 2 begun, 1 done, 1 failed, 0 given up");
    assert.match(html`${lane?.draw(scale, 0)}`.text, /r1: 0 % to 100 %/);
    assert.deepEqual(fullSyncLane(recordOf([])), []);
  });

  it("shows each admin command's duration, and one that was never answered as long as the run", () => {
    const command = (t: number, number: number, step: "sent" | "answered", ms?: number): JournalEvent => ({
      type: "admin-command",
      t,
      node: "r1",
      connection: 0,
      number,
      by: "storm#1",
      command: "SLAVEOF",
      step,
      ...(ms === undefined ? {} : { ms }),
    });
    const events = [command(100, 1, "sent"), command(130, 1, "answered", 30), command(1000, 2, "sent")];
    const [lane] = switchLane(recordOf(events), 10_000);
    const svg = html`${lane?.draw(scale, 0)}`.text;
    assert.match(svg, /admin command answered: 30 ms to 30 ms/);
    assert.match(svg, /never answered: 9 s to 9 s/);
    assert.deepEqual(switchLane(recordOf([]), 1), []);
  });

  it("says on which worker threads the probes were before a moment", () => {
    const cover = (t: number, more: Partial<Extract<JournalEvent, { type: "cover" }>>): JournalEvent => ({
      ...{
        type: "cover",
        t,
        node: "r1",
        workers: 8,
        covered: 8,
        connections: 24,
        proof: "proc",
        chance: null,
        why: null,
      },
      ...more,
    });
    const record = recordOf([
      cover(1, { covered: null, workers: null, proof: "numbers", chance: 0.9931, why: "/proc is not readable" }),
      cover(5, {}),
    ]);
    assert.equal(coverText(record, "r1", 9), "24 probe connections on 8 of 8 worker threads, read from /proc");
    assert.equal(
      coverText(record, "r1", 2),
      "24 probe connections, argued by numbers; all workers are covered with a chance of 99.3 %: /proc is not readable",
    );
    assert.equal(coverText(record, "m1", 9), null);
  });
});
