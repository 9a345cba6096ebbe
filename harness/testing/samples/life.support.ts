import type { JournalEvent } from "../../journal/events.ts";
import type { Finding } from "../../journal/finding.ts";
import type { LifeMoment } from "../../journal/finding-detail.ts";
import { type RunRecord, recordOf } from "../../journal/record.ts";
import { sampleRun } from "./run.support.ts";
import { HOSTILE } from "./trouble.support.ts";

/** Test support: a write that was acknowledged after a flush and is gone on r2, told by its key's life. */
export function sampleLifeFinding(more: readonly LifeMoment[] = []): Finding {
  return {
    type: "lost-write",
    class: "acknowledged",
    node: "r2",
    from: 36_120,
    to: null,
    summary: `The value v19 of zset:4 element:3 was acknowledged by m1 at 36.120 s and is gone on r2.`,
    proof: `m1 acknowledged v19 ${HOSTILE}; r2 has nothing.`,
    evidence: [],
    detail: {
      load: "zadd",
      key: `zset:4 ${HOSTILE}`,
      element: "element:3",
      count: 37,
      cells: ["3", "5"].map((n) => ({
        key: `zset:4 ${HOSTILE}`,
        element: `element:${n}`,
        found: "nothing",
        expected: `v1${n} ${HOSTILE}`,
      })),
      life: [...LIFE, ...more],
    },
  };
}

export function moment(
  what: LifeMoment["what"],
  from: number,
  to: number | null,
  more: Partial<LifeMoment>,
): LifeMoment {
  return { what, from, to, node: null, value: null, outcome: "ok", marked: false, ...more };
}

const LIFE: LifeMoment[] = [
  moment("write", 12_301.2, 12_303, { node: "m1", value: "v12" }),
  moment("read", 12_302, 12_304, { node: "m1", value: "v12" }),
  moment("switch", 18_000, 18_040, { node: "m1" }),
  moment("write", 18_010, null, { node: "m1", value: "v15", outcome: "info" }),
  moment("write", 18_020, 18_021, { node: "r1", value: HOSTILE, outcome: "fail" }),
  moment("flush", 36_000, 36_050, { node: "m1" }),
  moment("flush-effect", 36_032, 36_032, { node: "m1" }),
  moment("flush-effect", 36_071, 36_071, { node: "r2" }),
  moment("kill", 36_080, 36_080, { node: "r1" }),
  moment("fault", 36_090, 38_000, { value: "cut (partition)" }),
  moment("write", 36_118, 36_120, { node: "m1", value: "v19", marked: true }),
  moment("read", 37_000, 37_001, { node: "m1", value: "v19" }),
  moment("final-read", 71_000, 71_001, { node: "m1", value: "v19" }),
  moment("final-read", 71_001, 71_002, { node: "r2", value: "nothing", marked: true }),
];

/** The sample run with one more finding. */
export function sampleRunWith(finding: Finding): RunRecord {
  const events = sampleRun().events.map(
    (event): JournalEvent =>
      event.type === "check" && event.name === "no-crash" ? { ...event, valid: false, findings: [finding] } : event,
  );
  return recordOf(events);
}
