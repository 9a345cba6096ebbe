import type { Span } from "../../base/span.ts";
import { formatSeconds } from "../../base/units.ts";
import type { Finding } from "../../journal/events.ts";
import type { RunRecord } from "../../journal/record.ts";
import type { Judged } from "../check.ts";
import { failuresOf, linesAbout, probedFor, type Replacement, type Ruling } from "./decisions.ts";

/** A server that left a question of ours open for so long may have failed a controller's. ms */
const PROMPT_MS = 1_000;
/** A second without probes is one about which nobody knows. ms */
const GAP_MS = 4_000;
/** What was asked for is seen a little later. ms */
const ASKED_MS = 30_000;

/** A master that had answered all the time was replaced: by a controller that could reach it, without anybody having asked for it. */
export function judgeNeedless(record: RunRecord, ruling: Ruling, replaced: readonly Replacement[]): Required<Judged> {
  const judged: Required<Judged> = { findings: [], unknown: [], remarks: [] };
  for (const one of replaced) {
    const { t, old, heir, shard } = one;
    if (asked(record, old, heir, t)) continue;
    const span = { from: t - probedFor(ruling), to: t };
    const harmed = harmTo(record, ruling, old, span);
    const what = `${old} was replaced by ${heir} at ${formatSeconds(t)}`;
    if (!answeredAll(record, old, span)) continue;
    const starved = record.view.tooStarved(span, old);
    if (harmed !== null)
      judged.remarks.push(`${what} although it had answered everybody else: ${harmed}${asMasters(record, one)}`);
    else if (starved !== null) judged.unknown.push(`${what}, and ${starved} then`);
    else judged.findings.push(finding(record, ruling, one, shard, span));
  }
  return judged;
}

/** By switch-master. */
function asked(record: RunRecord, old: string, heir: string, t: number): boolean {
  return record.view.faults.some(
    ({ fault, targets, from }) =>
      fault === "switch-master" &&
      from !== null &&
      from <= t &&
      t <= from + ASKED_MS &&
      (targets.length === 0 || targets.includes(old) || targets.includes(heir)),
  );
}

/** What the experiment did to a server, or to the way from the controllers to it; null: nothing. */
function harmTo(record: RunRecord, { names }: Ruling, server: string, span: Span): string | null {
  const ways = [server, ...names.map((name) => `${name} -> ${server}`)];
  const found = record.view.faults.find(
    ({ targets, from, to }) =>
      from !== null && from <= span.to && (to ?? Infinity) >= span.from && targets.some((one) => ways.includes(one)),
  );
  if (!found) return null;
  const way = found.targets.find((one) => ways.includes(one) && one !== server);
  return way === undefined
    ? `${found.id} (${found.fault}) was at work on it`
    : `${way} was cut or held up by ${found.id}, and a controller judges alone`;
}

/** Every question of ours was answered at once, and we asked all the time. */
function answeredAll(record: RunRecord, server: string, { from, to }: Span): boolean {
  const conditions = (record.view.conditions.get(server) ?? []).filter(
    (period) => period.from <= to && (period.to ?? Infinity) >= from,
  );
  if (conditions.length === 0 || conditions.some(({ condition }) => condition !== "healthy")) return false;
  const probes = record
    .ofNode("probe", server)
    .filter(({ t, seconds, kind }) => kind !== "config" && t >= from && t - seconds * 1000 <= to);
  const prompt = probes.every(
    ({ lost, oldest, latency }) => lost === 0 && oldest < PROMPT_MS && (latency?.max ?? 0) < PROMPT_MS,
  );
  const times = [from, ...probes.map(({ t }) => t), to].sort((a, b) => a - b);
  const gaps = times.slice(1).map((t, i) => t - (times[i] as number));
  return prompt && Math.max(...gaps) <= GAP_MS;
}

/** How long the old master went on to call itself one: nobody could tell it. */
function asMasters(record: RunRecord, { old, t }: Replacement): string {
  const states = record.ofNode("node-state", old).filter((one) => one.t > t);
  const other = states.findIndex(({ state }) => state.role !== "master");
  const until = states.slice(0, other < 0 ? undefined : other).at(-1);
  return until ? `; ${old} called itself master until ${formatSeconds(until.t)} at least` : "";
}

function finding(record: RunRecord, ruling: Ruling, one: Replacement, shard: number, span: Span): Finding {
  const { t, old, heir, version, by } = one;
  const failures = failuresOf(record, ruling, old, span);
  const why =
    failures < ruling.failures
      ? `the log tells of ${failures} failed questions, and its limit is ${ruling.failures}`
      : `it says that ${failures} of its own had failed`;
  return {
    ...{ type: "failover", class: "needless", node: by, from: t, to: null, proof: null },
    summary: `${by ?? "A controller"} replaced ${old} by ${heir} (topology ${version}) although ${old} had answered every question of ours within ${PROMPT_MS / 1000} s for ${formatSeconds(span.to - span.from)}, nothing stood between them and nobody had asked for it; ${why}.`,
    evidence: ruling.names.map((name) => `evidence/logs/${name}.log`),
    detail: {
      shard: shard + 1,
      version,
      observed: `${old} was healthy from ${formatSeconds(span.from)} to ${formatSeconds(span.to)}.`,
      lines: linesAbout(record, ruling, old, { from: span.from, to: t + 1_000 }),
    },
  };
}
