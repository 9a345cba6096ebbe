import { ChaosError } from "../base/chaos-error.ts";
import { groupBy } from "../base/group-by.ts";
import { covered } from "../base/span.ts";
import { byCause } from "../checks/causes.ts";
import type { Verdict } from "../journal/events.ts";
import { addErrors, addOutcomes, NO_OUTCOMES } from "../journal/outcomes.ts";
import type { RunRecord } from "../journal/record.ts";
import { imagesText, ownImages, versionsText } from "../journal/run-images.ts";

/** What every reporter says about a run, worked out once from the record. Times are milliseconds. */
export type RunSummary = ReturnType<typeof summarize>;

/** @throws ChaosError usage: the journal does not begin with a run */
export function summarize(record: RunRecord) {
  const run = record.first("run");
  if (!run) throw new ChaosError("usage", "the journal has no beginning: there is nothing to report");
  const cluster = record.last("cluster");
  const last = record.last("verdict");
  const checks = record.of("check");
  const cut = record.tornLine === null ? "" : ` Its last line (${record.tornLine}) is torn.`;
  const { end } = record;
  return {
    run,
    verdict: last?.verdict ?? ("interrupted" satisfies Verdict),
    reasons: last?.reasons ?? [
      `The journal ends after ${Math.round(end / 1000)} s without a verdict: the harness was stopped.${cut}`,
    ],
    /** Causes first, each with what follows from it behind it. */
    findings: byCause(checks.flatMap((check) => check.findings)),
    checks,
    phases: record.view.phases,
    faults: record.view.faults,
    loads: loadTotals(record),
    /** What became of acknowledged writes, by recorded load; [] when no check counted them. */
    losses: checks.flatMap(({ losses = [] }) => losses),
    /** Deadlocks that did not happen; null: nobody asked for the servers' locks. */
    foreseen: record.view.foreseen,
    nodes: cluster?.nodes ?? [],
    links: cluster?.links ?? [],
    /** Nodes that faults have started again with another server. */
    exchanges: record.of("server").filter(({ before, image }) => before !== image),
    /** What the servers themselves call their version. */
    serverVersion: versionsText(cluster?.nodes ?? [], run) ?? firstVersion(record),
    /** The image, or who runs on which. */
    images: imagesText({ image: run.image, nodes: ownImages(run) }),
    self: selfCheck(record),
    notes: record.of("note"),
    end,
    /** When the run stopped looking: what lasted until then may have lasted longer. */
    watchEnd: record.view.watchEnd,
  };
}

function firstVersion(record: RunRecord): string | null {
  return record.of("node-state").find((event) => event.state.version !== null)?.state.version ?? null;
}

/** `errors`: over the whole run, largest first. */
function loadTotals(record: RunRecord) {
  return [...groupBy(record.of("load"), ({ load }) => load)].map(([load, samples]) => {
    const { errors, ...counts } = samples.reduce(addOutcomes, NO_OUTCOMES);
    const seconds = samples.reduce((sum, one) => sum + one.seconds, 0);
    const redirects = samples.reduce((sum, one) => addErrors(sum, one.redirects ?? {}), {});
    return {
      ...{ load, ...counts, seconds, errors: Object.fromEntries(Object.entries(errors).sort((a, b) => b[1] - a[1])) },
      /** Where the masters share the key space, and servers sent commands elsewhere: how often, by their word. */
      ...(Object.keys(redirects).length > 0 ? { redirects } : {}),
    };
  });
}

/** The harness's own health over the run; CPU pressure in percent. */
function selfCheck(record: RunRecord) {
  const self = record.of("self");
  const worst = (values: (number | null)[]) =>
    values.reduce<number | null>((max, value) => (value === null ? max : Math.max(max ?? value, value)), null);
  const starvedSeconds = Math.round(covered(record.view.starved, { from: 0, to: record.end }) / 1000);
  const well = self.filter(({ starved }) => !starved).reduce((sum, event) => sum + (event.seconds ?? 1), 0);
  return {
    seconds: well + starvedSeconds,
    starvedSeconds,
    worstMainDelay: worst(self.map((event) => event.mainDelay)) ?? 0,
    worstProbeDelay: worst(self.map((event) => event.probeDelay)) ?? 0,
    worstControl: worst(self.map((event) => event.controlMax)),
    worstCpuPressure: worst(self.map((event) => event.cpuPressure)),
    /** Most runs beside it at a time; undefined: it was not one of several. */
    mostOthers: worst(self.map(({ others }) => others ?? null)) ?? undefined,
  };
}

/** "Xeon E5, 8 cores, Linux 6.1"; "" where nobody knows. @param system how the kernel is called */
export function machineText({ host }: RunSummary["run"], system: string): string {
  const { cpu, cores, kernel } = host;
  return [cpu, cores && `${cores} cores`, kernel && `${system} ${kernel}`].filter(Boolean).join(", ");
}
