import type { Finding } from "../journal/events.ts";
import type { RunRecord } from "../journal/record.ts";
import { secondsWord } from "./bash.ts";
import { functionsText } from "./bash-functions.ts";
import { hasSecret, headerLines, settingLines } from "./header.ts";
import { keySpaceLines } from "./key-spaces.ts";
import { hasLoad, loadLines } from "./load-step.ts";
import { observationLines } from "./observe.ts";
import { preloadLines } from "./preload-step.ts";
import { faultScripts } from "./registry.ts";
import { attachLines, topologyLines } from "./replication-step.ts";
import { type ReproInput, reproInput } from "./repro-input.ts";
import { roleFunctions, startLines } from "./servers.ts";
import { settledFaults } from "./settled-names.ts";
import { syncPercentFunction } from "./sync-percent.ts";
import { faultBlocks, leftOutLines } from "./timeline.ts";

/*
 *   journal: plan + how the servers were started ─► reproInput ─► steps (servers, data, load, faults, recovery, look)
 *                                                                   │ their calls tell which bash functions are needed
 *   bash/….sh ─────────────────────────────────────────────────────────┴─► repro.sh
 */

/** A graceful stop, where the system says nothing else (faults/processes/restart.ts). */
const STOP_MS = 10_000;

/**
 * A bash script that shows what this run found with docker, redis-cli and curl alone; or why there is none.
 * @param found the run's findings, causes first, and its verdict as a sentence
 */
export function reproScript(
  record: RunRecord,
  found: { findings: readonly Finding[]; verdict: string },
): { text: string } | { why: string } {
  const input = reproInput(record);
  if ("why" in input) return input;
  const { plan, system, sharded } = input;
  const { experiment } = plan;
  const moves = plan.faults.some(({ fault }) => faultScripts.get(fault)?.moves);
  const redirects = plan.faults.some(({ fault }) => faultScripts.get(fault)?.redirects);
  const faults = moves ? plan.faults : settledFaults(plan.faults, input.nodes);
  const observation = observationLines(input, found.findings);
  const read = faults.map(({ fault, params }) => faultScripts.get(fault)?.read(params));
  const links = read.some((one) => one?.links);
  const admin = read.some((one) => one?.disconnects);
  const disk = Math.max(0, ...read.map((one) => one?.disk ?? 0));
  const exchanges = read.flatMap((one) => one?.exchange ?? []);
  const watched = observation.some((line) => line.startsWith("observe_hang"));
  const flush = { flushall: system.commands.flushAll(), flushdb: system.commands.flushDb() };
  const stopWithin = system.stopWithin ?? STOP_MS;
  const blocks = faultBlocks(faults, { links, watched, flush, stopWithin, secret: hasSecret(input) });
  const load = loadLines(input, { moves, redirects, links });
  const gated = load.some((line) => line.startsWith("GATED=1"));
  const tags = observation.includes("observe_replication");
  // Replicas of an experiment about full syncs get their masters when those have their data (run/start-cluster.ts).
  const later = experiment.fullSync === "force" && experiment.preload !== null;
  const steps = [
    step("1. servers", startLines(input, { links, admin, disk, exchanges })),
    step("2. replication and data", [
      ...topologyLines(input, tags),
      ...keySpaceLines(input),
      ...(later ? preloadLines(input) : []),
      ...attachLines(input),
      ...(later ? [] : preloadLines(input)),
    ]),
    step("3. load", [
      ...(gated ? ["mark_masters"] : []),
      ...(watched ? ["watch_silence"] : []),
      ...load,
      `sleep ${secondsWord(experiment.warmUp)} # as the plan has it: load without faults`,
    ]),
    step(`4. faults: a chaos phase of ${secondsWord(experiment.duration)} s`, [
      `CHAOS_MS=${Math.round(experiment.duration)}`,
      "T0=$(now_ms)",
      'say "the chaos phase begins"',
      ...blocks.lines,
      "",
      "end_of_chaos",
      'say "the chaos phase is over"',
    ]),
    step(
      "5. recovery: every fault is undone, and the servers have the plan's time to come back",
      recoveryLines(input, { redirects, links }),
    ),
    step("6. what came of it", [...observation, ...VERDICT]),
  ];
  const functions = functionsText(steps.flat(), [
    links ? "links-toxiproxy" : "links-direct",
    gated ? "mark-masters" : "mark-nobody",
    `state-${system.name}`,
    sharded ? "cluster-mode" : "tell",
  ]);
  const parts = [
    headerLines(input, found.verdict, links, leftOutLines(blocks.missing)),
    settingLines(input, links),
    ["# The steps of the run; the functions that they use come after them.", "all_steps() {", "begin"],
    ...steps,
    ["} # the end of all_steps"],
    ...functions.map((text) => [text]),
    sharded ? [] : [roleFunctions(input)],
    functions.some((text) => text.includes("sync_percent")) ? [syncPercentFunction(system)] : [],
    ["all_steps"],
  ];
  const text = parts.filter((part) => part.length > 0).map((part) => part.join("\n"));
  return { text: `${text.join("\n\n")}\n` };
}

const VERDICT = [
  'if [ -e "$WORK/found" ]; then',
  `  say "REPRODUCED: see the lines in capitals"`,
  "  exit 0",
  "fi",
  'say "NOT REPRODUCED this time"',
  "exit 1",
];

function step(title: string, lines: readonly string[]): string[] {
  return [`# ---- ${title}`, ...lines];
}

function recoveryLines(input: ReproInput, { redirects, links }: { redirects: boolean; links: boolean }): string[] {
  return [
    ...(links ? ["api POST /reset >/dev/null"] : []),
    ...(redirects ? ["close_slots"] : []),
    "tell_all",
    `RECOVERY_S=${Math.ceil(input.plan.experiment.recovery.within / 1000)}`,
    `if wait_fine "$RECOVERY_S"; then RECOVERED=yes; else RECOVERED=no; fi`,
    'say "recovered: $RECOVERED"',
    ...(hasLoad(input) ? ["stop_load"] : []),
  ];
}
