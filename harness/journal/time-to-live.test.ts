import assert from "node:assert/strict";
import { DEADLINE_COMMANDS, deadlineOf, hasValue, type TimeToLive } from "./time-to-live.ts";

describe("the deadline of a write", () => {
  const TTL: TimeToLive = { of: { min: 1_200, max: 3_400 }, share: 0.25, by: [...DEADLINE_COMMANDS] };
  const all = Array.from({ length: 40_000 }, (_, write) => deadlineOf(TTL, write + 1));
  const some = all.flatMap((one) => one ?? []);

  it("is there as often as the share says, by each command equally often, and always the same", () => {
    assert.ok(Math.abs(some.length / all.length - TTL.share) < 0.02, `${some.length}`);
    for (const command of DEADLINE_COMMANDS) {
      const share = some.filter(({ by }) => by === command).length / some.length;
      assert.ok(Math.abs(share - 0.2) < 0.02, `${command}: ${share}`);
    }
    assert.deepEqual(deadlineOf(TTL, 17), deadlineOf(TTL, 17));
    assert.ok(Array.from({ length: 100 }, (_, n) => deadlineOf({ ...TTL, share: 1 }, n)).every((one) => one !== null));
  });

  it("lies within the range, in whole seconds rounded up where the command counts so; PERSIST's never comes", () => {
    for (const { by, ms } of some) {
      if (by === "persist") assert.equal(ms, Infinity);
      else if (by === "setex" || by === "set-ex") assert.ok([2_000, 3_000, 4_000].includes(ms), `${ms}`);
      else assert.ok(Number.isInteger(ms) && ms >= 1_200 && ms <= 3_400, `${ms}`);
    }
    assert.ok(new Set(some.map(({ ms }) => ms)).size > 1_000);
  });

  it("comes with a value, but for PEXPIREAT and PERSIST", () => {
    assert.deepEqual([...new Set(some.filter((one) => !hasValue(one)).map(({ by }) => by))].sort(), [
      "persist",
      "pexpireat",
    ]);
  });
});
