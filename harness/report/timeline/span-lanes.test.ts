import assert from "node:assert/strict";
import type { EventOf } from "../../journal/events.ts";
import { recordOf } from "../../journal/record.ts";
import { html } from "../html/markup.ts";
import { pauseLane } from "./span-lanes.ts";
import { label, timeScale, WIDE } from "./time-scale.ts";

it("names of rows that are cut keep their number", () => {
  assert.match(label("command-17", 0, 0, 56, "label", "-17").text, /<title>command-17<\/title>comma…-17</);
  assert.match(label("command-9", 0, 0, 56, "label", "-9").text, />command-9</);
});

describe("the lane of threads that paused", () => {
  const pause = (from: number, more: Partial<EventOf<"thread-pause">> = {}): EventOf<"thread-pause"> => ({
    ...{
      t: from + 2_400,
      type: "thread-pause",
      id: "hold",
      node: "r1",
      threads: ["<repl>"],
      pauses: 1,
      from,
      ms: 2_400,
    },
    ...more,
  });

  it("has a row for a node and a fault, and says who paused and how long", () => {
    const events = [pause(1_000), pause(5_000, { id: "hold#2", threads: [], pauses: 3 }), pause(6_000, { node: "m1" })];
    const [lane] = pauseLane(recordOf(events), WIDE);
    const svg = html`${lane?.draw(timeScale(0, 10_000, WIDE), 0)}`.text;
    assert.equal(lane?.title, "Threads that paused");
    assert.deepEqual(
      [...svg.matchAll(/>(\w\d hold)</g)].map(([, name]) => name),
      ["r1 hold", "m1 hold"],
    );
    assert.match(svg, /r1: &lt;repl&gt; paused for 2\.4 s \(fault hold\)\nfrom 1\.0 s to 3\.4 s/);
    assert.match(svg, /r1: a thread paused for 2\.4 s, 3 times in all \(fault hold#2\)/);
  });

  it("says what it leaves out, and is not there where nobody paused", () => {
    const many = Array.from({ length: 10 }, (_, i) => pause(i * 100));
    assert.equal(pauseLane(recordOf(many), { ...WIDE, bars: 4 })[0]?.title, "Threads that paused (truncated: 4 of 10)");
    assert.deepEqual(pauseLane(recordOf([]), WIDE), []);
  });
});
