import assert from "node:assert/strict";
import type { EventOf, JournalEvent } from "../../journal/events.ts";
import { recordOf } from "../../journal/record.ts";
import { event, fixture } from "../../testing/record-fixture.support.ts";
import { HOSTILE, sampleRun } from "../../testing/samples/run.support.ts";
import { healHtml } from "./heal-html.ts";

const was = (more: Partial<EventOf<"before-heal">> = {}): JournalEvent => ({
  ...{ type: "before-heal", t: 40_100, node: "r1", role: "replica", master: "m1", link: "up", offset: 1_234_567 },
  slots: null,
  ...more,
});
const repair = (more: Partial<EventOf<"repair">> = {}): JournalEvent => ({
  ...{ type: "repair", t: 40_500, node: "r1", by: "heal", why: "should replicate from m1 and is a master" },
  told: ["REPLICAOF toxiproxy 10000"],
  ...more,
});
const note = (text: string): JournalEvent => ({ type: "note", t: 40_600, about: "r1", text });
const notHealed = (text: string): JournalEvent => ({
  ...{ type: "note", t: 40_600, about: "r1", text },
  kind: "not-healed",
});
const html = (events: JournalEvent[], experiment: Record<string, unknown> = {}) =>
  healHtml(fixture(events, { experiment })).text;

describe("heal in a report", () => {
  it("is what each node was before", () => {
    const page = html([was(), was({ node: "m1", role: "master", master: null, link: "none", offset: null })]);
    assert.match(page, /<td>r1<\/td><td>replica<\/td><td>m1<\/td><td>up<\/td><td class="n">1,234,567<\/td><td>–</);
    assert.match(page, /<td>m1<\/td><td>master<\/td><td>–<\/td><td>none<\/td><td class="n">–<\/td><td>–</);
  });

  it("names the slots that each called its own, the first ones of many", () => {
    assert.match(
      html([
        was({
          slots: [
            [0, 99],
            [200, 200],
          ],
        }),
      ]),
      /<td>0-99 200</,
    );
    assert.match(html([was({ slots: [] })]), /<td>none</);
    const many = Array.from({ length: 25 }, (_, i): [number, number] => [2 * i, 2 * i]);
    assert.match(html([was({ slots: many })]), / 38 and 5 more</);
  });

  it("is whom it told what, and why", () => {
    const page = html([was(), repair(), repair({ node: "m1", by: "cut#1", why: "should be a master and is not" })]);
    assert.match(
      page,
      /40\.5 s, r1 \(by heal\): should replicate from m1 and is a master; it was told <code>REPLICAOF/,
    );
    assert.match(page, /m1 \(by cut#1\): should be a master and is not/);
    assert.doesNotMatch(page, /No server was told anything/);
    assert.match(html([was(), ...Array.from({ length: 57 }, () => repair())]), /<li>and 7 more<\/li>/);
  });

  it("says why nobody was told anything", () => {
    assert.match(html([was()]), /No server was told anything: all were where they should be\./);
    assert.match(html([was()], { reconcile: "none" }), /No server was told anything: the experiment wants it so\./);
    const asked = html([was(), notHealed("its role was not looked at while healing: it is deadlocked")]);
    assert.match(asked, /No server was told anything\.<.*Not healed to the end:.*r1: its role was not looked at/);
    assert.match(html([was(), repair(), notHealed("its role could not be set while healing: ERR no")]), /ERR no/);
    assert.doesNotMatch(html([was(), note("something else")]), /something else|Not healed/);
    const ruled = fixture([was()]).events.map((one) =>
      one.type === "cluster" ? { ...one, ruledBy: "sentinels" as const } : one,
    );
    assert.match(healHtml(recordOf(ruled)).text, /roles are the sentinels' affair/);
  });

  it("tells what stays where the experiment's own commands put it, and nothing of other topologies", () => {
    const topology = (reason: string, more: { leftBy?: string[] } = {}): JournalEvent => {
      return { type: "topology", t: 41_000, masters: ["m1"], replicaOf: {}, reason, ...more };
    };
    assert.match(
      html([was(), topology("as cmd left it", { leftBy: ["cmd"] })]),
      /41\.0 s, roles stay as cmd left it; masters: m1</,
    );
    assert.doesNotMatch(html([was(), topology("as the Compose file says"), topology("switch#3")]), /roles stay/);
  });

  it("tells how data differed before it was overwritten", () => {
    const compared = (more: object) => event("comparison", 40_400, { different: 3, before: "heal", ...more });
    assert.match(html([was(), compared({})]), /r1 differed from m1 in 3 keys</);
    assert.match(
      html([compared({ complete: false, why: "r1 took too long" }), repair()]),
      /3 keys, as far as .*took too long/,
    );
    assert.doesNotMatch(html([was(), event("comparison", 56_000, { different: 9 })]), /differed/);
  });

  it("is not there where the run did not get to it", () => {
    assert.equal(html([]), "<p>The run did not get to its heal phase.</p>");
  });

  it("is data: nothing that a server says becomes a tag", () => {
    const page = healHtml(sampleRun()).text;
    assert.match(page, /r2 \(by heal\)/);
    assert.doesNotMatch(page, /<img|\u001b|\u202e/);
    assert.doesNotMatch(html([repair({ node: HOSTILE, by: HOSTILE, told: [HOSTILE] }), note(HOSTILE)]), /<img/);
  });
});
