import assert from "node:assert/strict";
import { event, fixture } from "../../testing/record-fixture.support.ts";
import { healthWhile } from "./head-html.ts";

describe("was it the harness?", () => {
  it("counts a merged sample for all the seconds that it stands for", () => {
    const record = fixture([
      event("self", 10_000, { seconds: 8, controlMax: 3 }),
      event("self", 18_000, { seconds: 8 }),
      event("self", 19_000, { starved: true }),
      event("self", 20_000, { starved: true }),
    ]);
    assert.match(healthWhile(record, 3_000, 19_000), /^It was starved for 2 of 18 s in that time; .* within 3 ms\.$/);
    assert.match(healthWhile(record, 4_000, 12_000), /^No: it was never starved in that time/);
  });

  it("counts a second in which our own thread stood still for as long as it did", () => {
    const record = fixture([event("self", 10_000, {}), event("self", 15_000, { starved: true, mainDelay: 4_800 })]);
    assert.match(healthWhile(record, 11_000, 14_000), /^It was starved for 5 of 5 s/);
  });

  it("asks the nearest samples about a moment, and says so where there are none", () => {
    const record = fixture([event("self", 10_000, {})]);
    assert.match(healthWhile(record, 10_400, 10_400), /^No: /);
    assert.match(healthWhile(record, 30_000, 31_000), /^not known/);
  });
});
