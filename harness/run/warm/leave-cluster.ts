import type { Verdict } from "../../journal/events.ts";
import type { RunRecord } from "../../journal/record.ts";
import type { RunCluster } from "../run-cluster.ts";
import type { RunContext } from "../run-context.ts";
import { areTheSame } from "./prove-clean.ts";

/** What these leave in a server is neither a key nor a setting: no proof would see it. */
const LEAVES_MORE = /^(?:FUNCTION|SCRIPT|ACL|MODULE|CLUSTER|CLUSTERX|NAMESPACE|SUBSCRIBE|CLIENT|DEBUG|FAILOVER)\b/i;

/** May what a run did be undone, as far as its journal tells? */
export function mayBeCleaned(
  record: RunRecord,
  results: readonly { findings: readonly unknown[] }[],
  verdict: Verdict,
): boolean {
  const steps = record.of("fault").map(({ step }) => step);
  const commands = record.of("admin-command").map(({ command }) => command);
  return (
    (verdict === "pass" || verdict === "inconclusive") &&
    results.every(({ findings }) => findings.length === 0) &&
    record.view.starved.length === 0 &&
    !steps.includes("heal-failed") &&
    !record.of("note").some(({ kind }) => kind === "not-healed") &&
    !commands.some((command) => LEAVES_MORE.test(command))
  );
}

/** Leaves the cluster to the next run of this process, if its servers are still the processes that they were. @returns whether it did */
export async function leaveCluster({ options, key, held }: RunContext, started: RunCluster | null): Promise<boolean> {
  if (!options.warm || key === null || !started?.snapshot) return false;
  const { cluster, made, snapshot, runs } = started;
  if (!made) return false;
  if (!(await areTheSame(cluster, snapshot).catch(() => false))) return false;
  options.warm.keep(key, { ...held, made, snapshot, runs: runs + 1 });
  return true;
}
