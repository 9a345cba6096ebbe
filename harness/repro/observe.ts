import type { Finding } from "../journal/events.ts";
import { comment } from "./bash.ts";
import type { BashFunction } from "./bash-functions.ts";
import type { ReproInput } from "./repro-input.ts";

/** What the script looks at in the end, by the types of the findings that it is to show. */
export interface Observation {
  lines: string[];
  functions: BashFunction[];
}

const DATA = ["divergence", "lost-write", "resurrected-key", "phantom-value", "stale-read", "not-linearizable"];

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
export function observationOf({ plan }: ReproInput, findings: readonly Finding[]): Observation {
  const types = new Set(
    findings.length > 0
      ? findings.map(({ type }) => type as string)
      : plan.experiment.checks.flatMap((name) => OF_CHECK[name] ?? []),
  );
  const lines: string[] = [];
  const functions: BashFunction[] = [];
  const add = (wanted: boolean, piece: BashFunction, ...own: string[]): void => {
    if (!wanted) return;
    lines.push(...own);
    functions.push(piece);
  };
  const { hangLimit } = plan.experiment.watchdog;
  add(types.has("crash"), "observe-crash", "observe_crash");
  add(types.has("hang"), "observe-hang", `observe_hang ${hangLimit === null ? 0 : Math.ceil(hangLimit / 1000)}`);
  add(types.has("split-brain"), "observe-roles", "observe_roles");
  add(types.has("stuck-replication"), "observe-replication", "observe_replication");
  add(types.has("slow-recovery"), "observe-recovery", "observe_recovery");
  add(
    [...types].some((type) => DATA.includes(type)),
    "compare",
    ...singleValues(types),
    "observe_data",
  );
  add(types.has("shutdown-hang"), "recovery", "# A server that does not end says so above, when it was asked to.");
  return { lines, functions };
}

/** What a shell cannot see of single operations. */
function singleValues(types: ReadonlySet<string>): string[] {
  const single = DATA.filter((type) => type !== "divergence" && types.has(type));
  if (single.length === 0) return [];
  return comment(
    `kvchaos found ${single.join(", ")}: it had recorded every operation and its answer. This script records none; it shows the same trouble where it leaves a replica with other data than its master.`,
  );
}
