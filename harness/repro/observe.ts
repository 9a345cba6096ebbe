import type { Finding } from "../journal/events.ts";
import { comment, word } from "./bash.ts";
import { posixRegex } from "./ere.ts";
import type { ReproInput } from "./repro-input.ts";

/** Types of findings that the data of the servers shows. */
const DATA = [
  ...["divergence", "lost-write", "resurrected-key", "phantom-value", "stale-read", "not-linearizable"],
  ...["wrong-count", "torn-write", "wrong-delivery"],
];

/** Types that a run without findings looks for: the checks it was asked for. */
const OF_CHECK: Record<string, readonly string[]> = {
  "no-hang": ["hang"],
  "no-crash": ["crash"],
  "one-master": ["split-brain"],
  converges: ["divergence"],
  "recovers-within": ["slow-recovery"],
  "replication-progress": ["stuck-replication"],
  "full-syncs": ["full-sync"],
  memory: ["memory-growth"],
  slots: ["slots"],
};

/** Bash lines that show the findings of the run, or look for what its checks look for when there are none. */
export function observationLines({ plan, system }: ReproInput, findings: readonly Finding[]): string[] {
  const types = new Set<string>(
    findings.length > 0
      ? findings.map(({ type }) => type)
      : plan.experiment.checks.flatMap((name) => OF_CHECK[name] ?? []),
  );
  const { hangLimit } = plan.experiment.watchdog;
  const data = DATA.some((type) => types.has(type));
  return [
    ...(types.has("crash") ? ["observe_crash"] : []),
    ...(types.has("hang") ? [`observe_hang ${hangLimit === null ? 0 : Math.ceil(hangLimit / 1000)}`] : []),
    ...(types.has("split-brain") ? ["observe_roles"] : []),
    ...(plan.faults.some(({ fault }) => fault === "migrate-slots") ? slotLines(types, findings) : []),
    ...(types.has("stuck-replication") ? ["observe_replication"] : []),
    ...(types.has("full-sync") ? fullSyncLines(system, plan.experiment.limits.fullSyncs?.most ?? null) : []),
    ...(types.has("memory-growth") ? memoryLines(findings) : []),
    ...limitLines(plan),
    ...(types.has("slow-recovery") ? ["observe_recovery"] : []),
    ...(data ? [...singleValues(types), "observe_data"] : []),
    ...(types.has("shutdown-hang") ? ["# A server that does not end says so above, when it was asked to."] : []),
  ];
}

/** A loop is three in a row (checks/limits/full-sync-log.ts). */
const LOOP_BEGINS_AFTER = 2;

function fullSyncLines({ logRules }: ReproInput["system"], most: number | null): string[] {
  const patterns = logRules.filter(({ meaning }) => meaning === "full-sync-start").map(({ pattern }) => pattern.source);
  const regex = posixRegex(patterns.join("|"));
  if (regex === null) return comment("LEFT OUT: how many full syncs began: grep has no words for what begins one.");
  return [`observe_full_syncs ${word(regex)} ${most ?? LOOP_BEGINS_AFTER}`];
}

/** Some experiments wait for the log line of a migration that fails. */
function slotLines(types: ReadonlySet<string>, findings: readonly Finding[]): string[] {
  const isUnmoved = findings.some(
    ({ type, class: kind }) => type === "unmet-expectation" || kind === "migration-failed",
  );
  return types.has("slots") || isUnmoved ? [`observe_slots${isUnmoved ? " unmoved" : ""}`] : [];
}

function memoryLines(findings: readonly Finding[]): string[] {
  const grown = findings.flatMap(({ node, detail }) =>
    node === null || detail?.limitBytes === undefined ? [] : [{ node, limit: detail.limitBytes }],
  );
  if (grown.length === 0) return comment("LEFT OUT: memory: without a finding nothing says how much is too much.");
  return grown.map(({ node, limit }) => `observe_memory ${word(node)} ${Math.round(limit)}`);
}

/** What clients and probes see every second a shell does not. */
function limitLines({ experiment: { limits } }: ReproInput["plan"]): string[] {
  const texts = (limits.own ?? []).map(({ text }) => text);
  return texts.length === 0
    ? []
    : comment(`LEFT OUT: limits, which kvchaos measures every second: ${texts.join("; ")}.`);
}

/** What a shell cannot see of single operations. */
function singleValues(types: ReadonlySet<string>): string[] {
  const single = DATA.filter((type) => type !== "divergence" && types.has(type));
  if (single.length === 0) return [];
  return comment(
    `kvchaos found ${single.join(", ")}: it had recorded every operation and its answer. This script records none; it shows the same trouble where it leaves a replica with other data than its master.`,
  );
}
