import assert from "node:assert/strict";
import type { JournalEvent } from "../../journal/events.ts";
import { condition, event, fixture } from "../../testing/record-fixture.support.ts";
import { noHang } from "./no-hang.ts";
import { stillAnswering } from "./still-answering.ts";

const classes = (t: number, lists: { answering?: string[]; partly?: string[]; silent?: string[] }): JournalEvent => ({
  type: "classes",
  t,
  node: "r1",
  confirmed: 22_000,
  answering: [],
  partly: [],
  silent: [],
  ...lists,
});
const textOf = (...events: JournalEvent[]) => stillAnswering(fixture(events), "r1", 20_000, 45_000)?.text;

describe("what a node still answers while it hangs", () => {
  const dead = { answering: ["INFO", "CONFIG GET"], silent: ["PING", "GET", "SET"] };

  it("is said class by class", () => {
    assert.equal(textOf(classes(24_000, dead)), "INFO and CONFIG GET still answered; PING, GET and SET did not.");
    assert.equal(textOf(classes(24_000, { silent: ["INFO", "PING"] })), "INFO and PING did not answer.");
    assert.equal(
      textOf(classes(24_000, { answering: ["INFO"], partly: ["PING"], silent: ["SET"] })),
      "INFO still answered; PING answered on some connections only; SET did not.",
    );
  });

  it("tells when what answered at first stops as well", () => {
    const later = classes(56_000, { silent: ["INFO", "CONFIG GET", "PING", "GET", "SET"] });
    assert.equal(
      textOf(classes(24_000, dead), { ...later, t: 40_000 }),
      `${textOf(classes(24_000, dead))} INFO and CONFIG GET stopped as well, 18 s after the hang was confirmed.`,
    );
  });

  it("does not take the end of the hang for an answer during it", () => {
    const end = classes(44_000, { answering: ["INFO", "CONFIG GET", "PING", "GET", "SET"] });
    assert.equal(textOf(classes(24_000, dead), end), textOf(classes(24_000, dead)));
  });

  it("does not take what a debugger stopped for what the server did", () => {
    const stop = event("evidence", 26_000, { ms: 5000, stoppedProcessMs: 4000 });
    const silent = classes(25_000, { silent: ["INFO", "CONFIG GET", "PING", "GET", "SET"] });
    assert.equal(textOf(stop, silent), "INFO, CONFIG GET, PING, GET and SET did not answer.", "nothing else is known");
    assert.equal(textOf(stop, silent, classes(29_500, dead)), textOf(classes(24_000, dead)));
  });

  it("is nothing when nobody could tell, or only of another time", () => {
    assert.equal(textOf(), undefined);
    assert.equal(textOf(classes(46_000, dead)), undefined);
  });

  it("is part of the finding", () => {
    const hang = condition(22_000, "r1", "deadlocked", { since: 20_000, silent: 3, of: 3 });
    const [finding] = noHang.check(fixture([hang, classes(24_000, dead)])).findings;
    assert.match(finding?.summary ?? "", /INFO and CONFIG GET still answered; PING, GET and SET did not\./);
    assert.deepEqual(finding?.detail?.answering, {
      answering: ["INFO", "CONFIG GET"],
      partly: [],
      silent: ["PING", "GET", "SET"],
      text: "INFO and CONFIG GET still answered; PING, GET and SET did not.",
    });
  });
});
