import { formatDuration } from "../base/units.ts";
import type { EventOf, Finding } from "../journal/events.ts";
import type { RunRecord } from "../journal/record.ts";
import type { Check } from "./check.ts";
import type { Judged } from "./hang-rules.ts";
import { resultOf } from "./result.ts";
import { allowedErrors, baselines, type Service, samplesIn, serviceOf, serviceText } from "./service.ts";
import { isControl, leftDown, phaseSpan, recoveryEnd, STARVED_SHARE, starvedShare } from "./span.ts";

/** docs/checks/serves.md says exactly what it promises. */
export const serves: Check = {
  name: "serves",
  summary: "After recovery every load is served again by every node that it goes to, as in the warm-up.",
  check: (record) => resultOf(judgeService(record)),
};

/** Clients that are not served when everything is healed and recovery is over. */
export function judgeService(record: RunRecord): Judged {
  const judged: Judged = { findings: [], unknown: [] };
  const from = recoveryEnd(record);
  if (from === undefined) return { findings: [], unknown: ["the run did not get through a recovery phase"] };
  const to = record.of("load").at(-1)?.t ?? phaseSpan(record, "quiesce")?.to ?? record.end;
  const starved = starvedShare(record, { from, to });
  const found = [...judgeLoads(record, from, to), ...judgeProbes(record, from, to)];
  if (found.length > 0 && starved > STARVED_SHARE) {
    const share = `the harness was starved for ${Math.round(starved * 100)} % of the time after recovery`;
    judged.unknown.push(`${found.map(({ summary }) => summary).join(" ")} But ${share}`);
  } else judged.findings.push(...found);
  const loads = new Set(record.of("load").map(({ load }) => load));
  const last = samplesIn(record.of("load"), { from, to });
  for (const load of loads) {
    if (!last.has(load)) judged.unknown.push(`nothing is known of the load ${load} after recovery`);
  }
  return judged;
}

function judgeLoads(record: RunRecord, from: number, to: number): Finding[] {
  const allow = allowedErrors(record);
  const before = baselines(record);
  return [...samplesIn(record.of("load"), { from, to })].flatMap(([load, samples]) => {
    const baseline = before.get(load) ?? null;
    return serviceOf(load, samples, baseline, allow)
      .filter(({ state, node }) => state !== "served" && !(node !== null && leftDown(record, node)))
      .filter(({ node }) => node !== null || !nobodyIsLeft(record))
      .map((service) => finding(record, service, from));
  });
}

/** The experiment itself has taken every node away that a load could go to. */
function nobodyIsLeft(record: RunRecord): boolean {
  const masters = record.last("topology")?.masters ?? [];
  return masters.every((node) => leftDown(record, node));
}

function finding(record: RunRecord, service: Service, recovered: number): Finding {
  const { load, node, state, errors, before, ok, refused, unknown } = service;
  const since = lastServed(record, service) ?? recovered;
  const where = node === null ? "" : ` on ${node}`;
  const rate = before === null ? "" : ` (${before.toFixed(0)} per second were served in the warm-up)`;
  const length = formatDuration(Math.round(((record.of("load").at(-1)?.t ?? recovered) - since) / 100) * 100);
  return {
    type: "unavailable",
    class: state,
    node,
    from: since,
    to: null,
    summary: `Clients are not served again${where}, although every fault was healed: of the load ${load}, ${serviceText(service)} after recovery${rate}; it has been so for ${length}, to the end.`,
    proof:
      state === "refused" || state === "partly-refused"
        ? `Replies to ${load}${where} after recovery: ${Object.entries(errors)
            .map(([kind, count]) => `${kind} ${count}`)
            .join(", ")}, OK ${ok}.`
        : null,
    evidence: [],
    detail: { load, ok, refused, unknown, errors, before, seconds: service.seconds },
  };
}

/** When an operation of the load was last served by that node, before it was not any more. */
function lastServed(record: RunRecord, { load, node, state }: Service): number | null {
  if (state === "slow" || state === "partly-refused") return null;
  const own = record.of("load").filter((one) => one.load === load);
  const served = own.findLast((one) => (node === null ? one.ok : (one.nodes?.[node]?.ok ?? one.ok)) > 0);
  return served?.t ?? own[0]?.t ?? null;
}

/** Masters without a load: the watchdog's own writes were done in the warm-up, and every one of them is refused now. */
function judgeProbes(record: RunRecord, from: number, to: number): Finding[] {
  const allow = allowedErrors(record);
  const warmUp = phaseSpan(record, "warm-up");
  const loaded = new Set(record.of("load").flatMap(({ nodes = {} }) => Object.keys(nodes)));
  const masters = record.last("topology")?.masters ?? [];
  return masters.flatMap((node): Finding[] => {
    if (loaded.has(node) || isControl(record, node) || leftDown(record, node)) return [];
    const own = record.of("probe").filter((one) => one.node === node && one.kind === "write");
    const after = own.filter(({ t, seconds }) => t - seconds * 1000 >= from && t <= to + 2_000);
    const early = warmUp ? own.filter(({ t }) => t > warmUp.from && t <= warmUp.to) : [];
    const done = (some: readonly EventOf<"probe">[]): number =>
      some.reduce((sum, { answered, replies }) => sum + answered - refusedIn(replies, []), 0);
    // A slot that was moved away takes our key along.
    const refused = after.reduce((sum, { replies }) => sum + refusedIn(replies, [...allow, "MOVED"]), 0);
    if (refused === 0 || done(after) > 0 || done(early) === 0) return [];
    const replies = after.flatMap((one) => Object.keys(one.replies));
    const kinds = [...new Set(replies)].join(", ");
    return [
      {
        type: "unavailable",
        class: "refused",
        node,
        from,
        to: null,
        summary: `${node} refuses every write after recovery (${kinds}), although every fault was healed; in the warm-up it took them.`,
        proof: `Replies to SET on ${node} after recovery: ${kinds} ${refused} times, OK never.`,
        evidence: [],
        detail: { load: null, refused, errors: Object.fromEntries(replies.map((kind) => [kind, refused])) },
      },
    ];
  });
}

function refusedIn(replies: Readonly<Record<string, number>>, allow: readonly string[]): number {
  return Object.entries(replies).reduce((sum, [kind, count]) => (allow.includes(kind) ? sum : sum + count), 0);
}
