import { formatSeconds, formatSize } from "../../base/units.ts";
import type { Finding } from "../../journal/events.ts";
import type { OwnLimit } from "../../journal/limits.ts";
import type { RunRecord } from "../../journal/record.ts";
import { type Check, type Judged, resultOf, unknownBecause } from "../check.ts";
import { type Broken, LimitCourse } from "./limit-course.ts";
import type { Subject } from "./samples.ts";

/** Points of a curve in a finding. */
const MOST_POINTS = 300;

export type LimitUnit = NonNullable<NonNullable<Finding["detail"]>["unit"]>;

/** docs/checks/limits.md says exactly what it promises. */
export const limits: Check = {
  name: "limits",
  summary: "What `limits` says holds, of every load and node and in every phase that it counts in.",
  needs: ({ limits: { own = [] } }) =>
    own.length > 0
      ? null
      : { what: "judges the experiment's limits, and it has none", hint: 'add `limits: ["p99 < 50ms"]`' },
  check(record) {
    const own = record.plan?.experiment.limits.own ?? [];
    if (own.length === 0) return unknownBecause("the journal's plan has no readable limit");
    const judged = own.map((limit) => judge(record, limit));
    return resultOf({
      findings: judged.flatMap(({ findings }) => findings),
      unknown: judged.flatMap(({ unknown }) => unknown),
      remarks: judged.flatMap(({ remarks = [] }) => remarks),
    });
  },
};

function judge(record: RunRecord, limit: OwnLimit): Judged {
  const course = new LimitCourse(limit, record.plan?.experiment.allow);
  for (const event of record.events) course.see(event);
  const judged: Judged = { findings: [], unknown: [], remarks: [] };
  if (!course.counted) {
    judged.unknown.push(`${limit.text}: the run did not get to ${limit.phases.join(", ")}`);
    return judged;
  }
  const counts = limit.measure.of === "node" && limit.measure.what === "full-syncs";
  if (course.subjects.length === 0 && !counts) judged.unknown.push(`${limit.text}: nothing was measured`);
  for (const one of course.baseless) {
    judged.unknown.push(`${limit.text}: nothing was measured of ${whose(one)} in the warm-up`);
  }
  for (const { curve, broken, ...subject } of course.subjects) {
    for (const one of broken) {
      const to = one.to ?? record.view.watchEnd;
      const starved = record.view.tooStarved({ from: one.from, to }, one.node ?? undefined);
      if (starved === null) judged.findings.push(finding(limit, one, curve));
      else judged.unknown.push(`${brokenText(limit, one)}, but ${starved} of that time`);
    }
    const values = curve.map(([, value]) => value);
    const worst = limit.is.startsWith("<") ? Math.max(...values) : Math.min(...values);
    judged.remarks?.push(`${limit.text} of ${whose(subject)}: at worst ${valueText(worst, unitOf(limit))}`);
  }
  return judged;
}

/** "p99 < 50ms of set did not hold: 812 ms" */
export function brokenText(limit: OwnLimit, broken: Broken): string {
  const unit = unitOf(limit);
  const bound = limit.than.kind === "warm-up" ? ` (${valueText(broken.bound, unit)})` : "";
  return `${limit.text}${bound} of ${whose(broken)} did not hold: it was ${valueText(broken.worst, unit)}`;
}

function finding(limit: OwnLimit, broken: Broken, curve: readonly (readonly [number, number])[]): Finding {
  const { from, to, worst, bound, node, load } = broken;
  const unit = unitOf(limit);
  const had = `${limit.is} ${valueText(bound, unit)}`;
  return {
    type: "limit",
    class: classOf(limit),
    node,
    from,
    to,
    summary: `${brokenText(limit, broken)}.`,
    proof: `Measured from ${formatSeconds(from)}${to === null ? " to the end" : ` to ${formatSeconds(to)}`}: at worst ${valueText(worst, unit)}, and it had to be ${had}.`,
    evidence: [],
    detail: { limit: limit.text, load, worst, bound, unit, curve: thinned(curve, limit.is.startsWith("<")) },
  };
}

/** "p99", "admin-p99", "memory-growth" */
function classOf({ measure, text }: OwnLimit): string {
  return measure.of === "probe" ? (text.split(/\s*[<>]/)[0]?.replace(/\s+/g, "-") ?? measure.what) : measure.what;
}

function unitOf({ measure, than }: OwnLimit): LimitUnit {
  switch (measure.what) {
    case "ops":
      return "per-second";
    case "errors":
      return "share";
    case "replication-lag":
    case "memory":
      return "bytes";
    case "memory-growth":
      return than.kind === "bytes" ? "bytes" : "share";
    case "full-syncs":
      return "count";
    default:
      return "ms";
  }
}

/** A value in its unit, for people. */
export function valueText(value: number, unit: LimitUnit): string {
  const three = (number: number): string => String(Number(number.toPrecision(3)));
  switch (unit) {
    case "ms":
      return value >= 1000 ? `${three(value / 1000)} s` : `${three(value)} ms`;
    case "per-second":
      return `${Math.round(value)}/s`;
    case "share":
      return `${three(value * 100)} %`;
    case "count":
      return String(value);
    case "bytes":
      return value >= 1024 ** 2 ? `${three(value / 1024 ** 2)} MiB` : formatSize(Math.round(value));
  }
}

function whose({ load, node }: Subject): string {
  return load === null ? (node ?? "the cluster") : node === null ? load : `${load} on ${node}`;
}

/** Of neighbours the worst. */
function thinned(curve: readonly (readonly [number, number])[], isUpper: boolean): (readonly [number, number])[] {
  const each = Math.ceil(curve.length / MOST_POINTS);
  const kept: (readonly [number, number])[] = [];
  for (let i = 0; i < curve.length; i += each) {
    const some = curve.slice(i, i + each);
    const worst = some.reduce((a, b) => (isUpper === b[1] > a[1] ? b : a));
    kept.push([Math.round(worst[0]), Number(worst[1].toPrecision(6))]);
  }
  return kept;
}
