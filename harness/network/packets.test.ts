import assert from "node:assert/strict";
import { netemWords } from "./netem.ts";
import { countIn } from "./packet-loss.ts";

describe("rules for packets", () => {
  it("count what they drop, of all that is meant", () => {
    const list = [
      "Chain kvchaos-0123456789ab (4 references)",
      "    pkts      bytes target     prot opt in     out     source               destination         ",
      "      12      900 DROP       all  --  *      *       0.0.0.0/0            0.0.0.0/0            statistic mode random probability 0.3",
      "      30     2100 RETURN     all  --  *      *       0.0.0.0/0            0.0.0.0/0           ",
    ];
    assert.deepEqual(countIn(list.join("\n")), { all: 42, dropped: 12 });
    assert.throws(() => countIn("Chain kvchaos-0123456789ab (0 references)"), /two rules/);
  });

  it("are said in netem's words", () => {
    assert.deepEqual(netemWords({ delay: 20, duplicate: 0.05, reorder: 0.25 }), [
      ...["delay", "20ms", "duplicate", "5.0000%", "reorder", "25.0000%"],
    ]);
    assert.deepEqual(netemWords({ delay: null, duplicate: 0.01, reorder: null }), ["duplicate", "1.0000%"]);
  });
});
