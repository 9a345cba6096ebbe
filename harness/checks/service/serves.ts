import type { Span } from "../../base/span.ts";
import { formatDuration } from "../../base/units.ts";
import type { Finding } from "../../journal/events.ts";
import type { RunRecord } from "../../journal/record.ts";
import { type Check, type Judged, resultOf } from "../check.ts";
import { leftOut } from "../left-out.ts";
import {
  baselines,
  isBad,
  type Service,
  samplesIn,
  serviceOf,
  serviceText,
  TOLERATED,
  wholeSamples,
} from "./service.ts";
import { goalOf, patienceFor, type ServiceGoal, sourceOf } from "./service-goal.ts";
import { judgeWriteProbes } from "./write-probes.ts";

/** docs/checks/serves.md says exactly what it promises. */
export const serves: Check = {
  name: "serves",
  summary: "After recovery every load is served again by every node that it goes to, as in the warm-up.",
  check: (record) => resultOf(judgeService(record)),
};

/** The end of a stretch: what is not so there has passed. ms */
const LAST_MS = 2_000;
/** One single refusal may be one of the last moments before service. */
const SURE = 2;

/** Clients that are not served when everything is healed and recovery is over. */
export function judgeService(record: RunRecord): Judged {
  const from = record.view.recoveryEnd;
  if (from === undefined) return { findings: [], unknown: ["the run did not get through a recovery phase"] };
  const to = record.of("load").at(-1)?.t ?? record.view.phase("quiesce")?.to ?? record.end;
  const judged = judgeLoads(record, { from, to });
  const found = judged.findings.map(({ node }) => node);
  judged.findings.push(...judgeWriteProbes(record, { from, to }).filter(({ node }) => !found.includes(node)));
  const starved = record.view.tooStarved({ from, to });
  if (judged.findings.length === 0 || starved === null) return judged;
  const seen = judged.findings.map(({ summary }) => summary).join(" ");
  return { ...judged, findings: [], unknown: [`${seen} But ${starved} of the time after recovery`, ...judged.unknown] };
}

/** A load's clients in a stretch, and whether what is wrong with them was still so at its end. */
interface Seen {
  service: Service;
  goal: ServiceGoal;
  samples: number;
}

/**
 * How clients were served in a stretch and still at its end, load by load and node by node, from the samples that lie wholly in it.
 * A load of which there is none is in `unheard`, one that goes to nobody any more in `idle`.
 */
function servicesIn(record: RunRecord, span: Span): { seen: Seen[]; unheard: string[]; idle: string[] } {
  const before = baselines(record);
  const source = sourceOf(record);
  const own = samplesIn(record.of("load"), span);
  const [seen, unheard, idle]: [Seen[], string[], string[]] = [[], [], []];
  for (const [load, baseline] of before) {
    const samples = wholeSamples(own.get(load) ?? [], span);
    const goal = goalOf(load, source);
    if (goal.targets?.length === 0) {
      idle.push(load);
      continue;
    }
    const last = samples.filter(({ t }) => t > span.to - LAST_MS);
    const ended = last.length < samples.length ? serviceOf(load, last, baseline, goal) : null;
    // What passes is not to the end.
    const stays = (one: Service): boolean => {
      if (!isBad(one) || ended === null) return true;
      const end = ended.find(({ node }) => node === one.node);
      if (end === undefined) return one.state !== "partly-refused";
      return isBad(end) || end.ok === 0 || end.refused / (end.ok + end.refused) > TOLERATED;
    };
    const services = serviceOf(load, samples, baseline, goal).filter(stays);
    const heard = samples.some(({ ok, fail, info }) => ok + fail + info > 0) || services.some(isBad);
    if (!heard) unheard.push(load);
    else seen.push(...services.map((service) => ({ service, goal, samples: samples.length })));
  }
  return { seen, unheard, idle };
}

function judgeLoads(record: RunRecord, span: Span): Judged {
  const { seen, unheard, idle } = servicesIn(record, span);
  const { down } = sourceOf(record);
  const findings: Finding[] = [];
  const unknown = unheard.map((load) => `nothing is known of the load ${load} after recovery`);
  for (const { service, goal } of seen.filter((one) => isBad(one.service))) {
    const doubt = doubtOf(record, service, goal, span.from);
    if (doubt === null) findings.push(finding(record, service, span.from, down.length === 0));
    else unknown.push(doubt);
  }
  const asBefore = seen.filter(({ service }) => service.state === "as-before");
  const remarks = [
    ...asBefore.map(({ service }) => `the load ${service.load}${on(service)} was not judged: ${serviceText(service)}`),
    ...idle.map((load) => `the load ${load} was not judged: nobody is left that it could go to`),
    ...leftOut(down.filter((node) => isLoaded(record, node))),
  ];
  return { findings, unknown, remarks };
}

/** Clients went to it, or would have. */
function isLoaded(record: RunRecord, node: string): boolean {
  const masters = record.last("topology")?.masters ?? [];
  return masters.includes(node) || record.of("load").some(({ nodes }) => nodes?.[node] !== undefined);
}

/** Why it is not sure that this is a server's fault; null: it is. */
function doubtOf(record: RunRecord, service: Service, goal: ServiceGoal, recovered: number): string | null {
  const { load, state, refused, before, seconds } = service;
  const seen = `the load ${load}${on(service)}: ${serviceText(service)} after recovery`;
  if (before === null && !wasServed(record, service, recovered)) {
    return `${seen}, and whether it ever was served before the faults is not known: there was no warm-up`;
  }
  if (state === "partly-refused" && before === null) return `${seen}, and no warm-up says whether that is usual`;
  if (state === "refused" && refused < SURE) return `${seen}: too few operations to judge`;
  if (state !== "silent") return null;
  // Between two of its tests, or lost in itself: that no operation ends does not tell why.
  if (goal.isTool) return `${seen}; the program may be stuck itself`;
  if (seconds * 1000 < patienceFor(goal)) {
    return `${seen}; it was watched for ${seconds.toFixed(1)} s, an operation is given up after ${formatDuration(goal.timeout)}`;
  }
  return null;
}

/**
 * Loads whose clients were not served at the end of a recovery that did not come about. Only those that were seen then; a tool that is
 * stuck is none.
 */
export function notServedIn(record: RunRecord, { from, to }: Span): string[] {
  const { seen } = servicesIn(record, { from: Math.max(from, to - 2 * LAST_MS), to });
  return seen
    .filter(({ service, goal }) => isBad(service) && !(goal.isTool && service.state === "silent"))
    .map(({ service }) => `clients of ${service.load}${on(service)}: ${serviceText(service)}`);
}

function on({ node }: Service): string {
  return node === null ? "" : ` on ${node}`;
}

function finding(record: RunRecord, service: Service, recovered: number, allHealed: boolean): Finding {
  const { load, node, state, errors, before, ok, refused, unknown, notSent, seconds } = service;
  const since = lastServed(record, service) ?? recovered;
  const where = on(service);
  const rate = before === null ? "" : ` (${before.toFixed(0)} per second were served in the warm-up)`;
  const length = formatDuration(Math.round(((record.of("load").at(-1)?.t ?? recovered) - since) / 100) * 100);
  const healed = allHealed ? ", although every fault was healed" : "";
  const kinds = Object.entries(errors).map(([kind, count]) => `${kind} ${count}`);
  return {
    type: "unavailable",
    class: state,
    node,
    from: since,
    to: null,
    summary: `Clients are not served again${where}${healed}: of the load ${load}, ${serviceText(service)} after recovery${rate}; it has been so for ${length}, to the end.`,
    proof:
      state === "refused" || state === "partly-refused"
        ? `Replies to ${load}${where} after recovery: ${kinds.join(", ")}, OK ${ok}.`
        : null,
    evidence: [],
    detail: { load, ok, refused, unknown, notSent, errors, before, seconds },
  };
}

/** When an operation of the load was last served by that node, before it was not any more. */
function lastServed(record: RunRecord, { load, node, state }: Service): number | null {
  if (state === "slow" || state === "partly-refused") return null;
  const own = record.of("load").filter((one) => one.load === load);
  const served = own.findLast((one) => (node === null || !one.nodes ? one.ok : (one.nodes[node]?.ok ?? 0)) > 0);
  return served?.t ?? own[0]?.t ?? null;
}

/** Was any operation of it served, by whomever, before recovery was over? */
function wasServed(record: RunRecord, { load }: Service, recovered: number): boolean {
  return record.of("load").some((one) => one.load === load && one.t <= recovered && one.ok > 0);
}
