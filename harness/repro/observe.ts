import type { Finding } from "../journal/events.ts";
import { comment } from "./bash.ts";
import type { ReproInput } from "./repro-input.ts";

/** Types of findings that the data of the servers shows. */
const DATA = [
  ...["divergence", "lost-write", "resurrected-key", "phantom-value", "stale-read", "not-linearizable"],
  "wrong-count",
];

/** Types that a run without findings looks for: the checks it was asked for. */
const OF_CHECK: Record<string, readonly string[]> = {
  "no-hang": ["hang"],
  "no-crash": ["crash"],
  "one-master": ["split-brain"],
  converges: ["divergence"],
  "recovers-within": ["slow-recovery"],
  "replication-progress": ["stuck-replication"],
};

/** Bash lines that show the findings of the run, or look for what its checks look for when there are none. */
export function observationLines({ plan }: ReproInput, findings: readonly Finding[]): string[] {
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
    ...(types.has("stuck-replication") ? ["observe_replication"] : []),
    ...(types.has("slow-recovery") ? ["observe_recovery"] : []),
    ...(data ? [...singleValues(types), "observe_data"] : []),
    ...(types.has("shutdown-hang") ? ["# A server that does not end says so above, when it was asked to."] : []),
  ];
}

/** What a shell cannot see of single operations. */
function singleValues(types: ReadonlySet<string>): string[] {
  const single = DATA.filter((type) => type !== "divergence" && types.has(type));
  if (single.length === 0) return [];
  return comment(
    `kvchaos found ${single.join(", ")}: it had recorded every operation and its answer. This script records none; it shows the same trouble where it leaves a replica with other data than its master.`,
  );
}
