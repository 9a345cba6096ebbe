import assert from "node:assert/strict";
import { placeOf } from "./places.ts";

describe("places in a program", () => {
  const site = { module: "/usr/lib/libstore.so", offset: 0x1f20, function: "M::Lock", source: null };
  const nameless = { ...site, function: null };

  it("are functions; where those only take locks for others, their callers", () => {
    assert.equal(placeOf({ site, caller: null }), "M::Lock");
    assert.equal(placeOf({ site, caller: { ...site, function: "DB::Write" } }), "DB::Write");
    assert.equal(placeOf({ site: nameless, caller: null }), "libstore.so+0x1f20");
    assert.equal(placeOf({ site, caller: nameless }), "libstore.so+0x1f20");
  });
});
