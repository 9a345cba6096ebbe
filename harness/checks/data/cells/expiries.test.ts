import assert from "node:assert/strict";
import type { LoadHistory } from "../../../journal/history.ts";
import { DEADLINE_COMMANDS, type DeadlineCommand, deadlineOf, type TimeToLive } from "../../../journal/time-to-live.ts";
import { buildHistory, type OperationRow } from "../../../testing/build-history.support.ts";
import { fixture } from "../../../testing/record-fixture.support.ts";
import { linearizable } from "../linearizable.ts";
import { noLostWrites } from "../no-lost-writes.ts";
import { perKeyOrder } from "../per-key-order.ts";
import { LATE_MS } from "./expiries.ts";

const TTL: TimeToLive = { of: { min: 5_000, max: 5_000 }, share: 0.5, by: [...DEADLINE_COMMANDS] };

/** The n-th number of a write that does this. */
function number(does: DeadlineCommand | "set", nth = 1): number {
  let left = nth;
  for (let write = 1; ; write++) if ((deadlineOf(TTL, write)?.by ?? "set") === does && --left === 0) return write;
}

const [PLAIN, OTHER] = [number("set"), number("set", 2)];
const [SHORT, SHORTER, THIRD] = [number("set-px"), number("setex"), number("set-ex")];
const [MOVED, KEPT] = [number("pexpireat"), number("persist")];

/** Sent at `t`, answered 10 ms later. */
const at = (t: number, value: number, more: Partial<OperationRow> = {}): OperationRow => {
  const kind = value === MOVED || value === KEPT ? "touch" : "write";
  return { cell: 0, kind, outcome: "ok", invoked: t, completed: t + 10, value, node: "m1", ...more };
};
const read = (t: number, value: number): OperationRow => at(t, value, { kind: "read" });
const lost = { outcome: "info", completed: null } as const;

interface Life {
  operations: OperationRow[];
  /** What both nodes hold, from `read` on. */
  final: OperationRow;
  clockMoved?: number;
}

function judge({ operations, final, clockMoved = 0 }: Life) {
  const shape = { type: "string", prefix: "k:", keys: 1, elements: 1, ttl: TTL } as const;
  const load: LoadHistory = {
    ...buildHistory({
      ...{ load: "l", shape, nodes: ["m1", "r1"], operations },
      final: ["m1", "r1"].map((node) => ({ ...final, node })),
    }),
    clockMoved,
  };
  const checks = [noLostWrites, perKeyOrder, linearizable];
  const record = fixture([], { history: [load], checks: checks.map(({ name }) => name) });
  const results = checks.map((check) => check.check(record));
  const classes = results.map(({ findings }) => [...new Set(findings.map((one) => `${one.type}/${one.class}`))].join());
  return { classes, results, proof: results.flatMap(({ findings }) => findings.map(({ proof }) => proof ?? "")) };
}

const [LOST, EXPIRED, BACK, UNORDERED] = [
  "lost-write/lost",
  "resurrected-key/expired-value",
  "stale-read/went-back",
  "not-linearizable/register",
];

/** What each check finds: no-lost-writes, per-key-order, linearizable. */
const CASES: readonly [string, Life, [string, string, string]][] = [
  [
    "may be gone from its deadline on",
    { operations: [at(20_000, SHORT), read(21_000, SHORT), read(25_001, 0)], final: read(26_000, 0) },
    ["", "", ""],
  ],
  [
    "must not be gone before it",
    { operations: [at(20_000, SHORT), read(21_000, SHORT), read(24_000, 0)], final: read(24_500, 0) },
    [LOST, BACK, UNORDERED],
  ],
  [
    "must not be gone where nothing gave it a deadline",
    { operations: [at(20_000, PLAIN), read(20_100, PLAIN), read(40_000, 0)], final: read(41_000, 0) },
    [LOST, BACK, UNORDERED],
  ],
  [
    "may still be there for a while after it",
    { operations: [at(20_000, SHORT), read(25_000 + LATE_MS, SHORT)], final: read(25_000 + LATE_MS, SHORT) },
    ["", "", ""],
  ],
  [
    "must not be there long after it",
    { operations: [at(20_000, SHORT)], final: read(25_100 + LATE_MS, SHORT) },
    [EXPIRED, "", ""],
  ],
  [
    "must not be read long after it",
    { operations: [at(20_000, SHORTER), read(25_100 + LATE_MS, SHORTER)], final: read(41_000, 0) },
    [EXPIRED, "", ""],
  ],
  [
    "may be there for ever when its write was never answered: nobody knows when it was carried out",
    { operations: [at(20_000, SHORT, lost), read(60_000, SHORT)], final: read(60_000, SHORT) },
    ["", "", ""],
  ],
  [
    "stays after a SET took the deadline away",
    {
      operations: [at(20_000, SHORT), at(21_000, PLAIN), read(21_500, PLAIN), read(26_000, 0)],
      final: read(40_000, 0),
    },
    [LOST, BACK, UNORDERED],
  ],
  [
    "may be gone when that SET may have come first",
    { operations: [at(20_000, SHORT), at(20_005, PLAIN)], final: read(40_000, 0) },
    ["", "", ""],
  ],
  [
    "stays after PERSIST",
    { operations: [at(20_000, SHORT), at(21_000, KEPT), read(21_500, SHORT), read(26_000, 0)], final: read(40_000, 0) },
    [LOST, BACK, UNORDERED],
  ],
  [
    "may be there for ever after a PERSIST without an answer, or be gone",
    { operations: [at(20_000, SHORT), at(21_000, KEPT, lost), read(40_000, SHORT)], final: read(41_000, 0) },
    ["", "", ""],
  ],
  [
    "is not kept by a PERSIST that found nothing to change",
    { operations: [at(20_000, SHORT), at(21_000, KEPT, { outcome: "fail" })], final: read(41_000, SHORT) },
    [EXPIRED, "", ""],
  ],
  [
    "gets its deadline from PEXPIREAT, too",
    { operations: [at(20_000, PLAIN), at(21_000, MOVED), read(26_001, 0)], final: read(27_000, 0) },
    ["", "", ""],
  ],
  [
    "must not outlive that of PEXPIREAT",
    { operations: [at(20_000, PLAIN), at(21_000, MOVED)], final: read(26_200 + LATE_MS, PLAIN) },
    [EXPIRED, "", ""],
  ],
  [
    "lives as long as the later of two deadlines that may have come last",
    { operations: [at(20_000, SHORT), at(24_000, MOVED, lost)], final: read(28_000 + LATE_MS, SHORT) },
    ["", "", ""],
  ],
  [
    "is not gone by the deadline of a value that it replaced",
    {
      operations: [at(20_000, THIRD), at(24_000, OTHER), read(24_500, OTHER), read(26_000, 0)],
      final: read(40_000, OTHER),
    },
    ["", BACK, UNORDERED],
  ],
];

describe("keys that expire", () => {
  for (const [what, life, expected] of CASES) {
    it(`a value ${what}`, () => {
      const { classes, proof } = judge(life);
      assert.deepEqual(classes, expected, proof.join("\n"));
    });
  }

  it("is told with what set the deadline", () => {
    const { proof } = judge({ operations: [at(20_000, PLAIN), at(21_000, MOVED)], final: read(60_000, PLAIN) });
    assert.match(
      proof[0] ?? "",
      /was found on m1 .*; it had to be gone .*: PEXPIREAT in 5s \(on m1, 21\.000 s – 21\.010 s\)/,
    );
    const late = judge({ operations: [at(20_000, SHORT), read(40_000, SHORT)], final: read(41_000, 0) });
    assert.match(late.proof[0] ?? "", /which had to be gone since 30\.011 s: v\d+, to live 5s \(written to m1/);
  });

  it("are not judged when somebody has set the machine's clock meanwhile", () => {
    const { results } = judge({ operations: [at(20_000, SHORT)], final: read(22_000, 0), clockMoved: 3_000 });
    for (const { valid, why } of results) {
      assert.equal(valid, "unknown");
      assert.match(why ?? "", /the machine's clock was set by 3000 ms: when keys of l expire is not known/);
    }
  });
});
