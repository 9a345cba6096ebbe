import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { monotonicClock } from "../harness/base/clock.ts";
import { withDeadline } from "../harness/base/deadline.ts";
import { captureEvidence } from "../harness/forensics/capture.ts";
import { compile, start } from "../harness/testing/program.support.ts";
import { type BenchRow, inTurns, median, rowOf, summed } from "./table.ts";

/*
 * How long from a hang that is confirmed until its wait-for graph is on disk? Of a program with a deadlock, beside gdb's backtraces of the
 * same process, and of one whose threads wait for readers of a lock: nothing is proven there, and all looks are needed.
 */

export const title = "Proof";

const ROUNDS = 5;
const WITHIN_MS = 20_000;
/** How many threads, and how long it may take. ms */
const SIZES: readonly [threads: number, limit: number][] = [
  [20, 300],
  [200, 1000],
];

export async function rows(): Promise<BenchRow[]> {
  const program = await compile("deadlock.c");
  if (!program) throw new Error("there is no gcc on this machine");
  try {
    const found: BenchRow[] = [];
    for (const [threads, limit] of SIZES) found.push(...(await proven(program.path, threads, limit)));
    for (const [threads, limit] of SIZES) found.push(await unproven(program.path, threads, limit));
    return found;
  } finally {
    await program.remove();
  }
}

async function proven(program: string, threads: number, limit: number): Promise<BenchRow[]> {
  // Three are there anyway.
  const { pid, kill } = await start(program, ["switch", String(threads - 3)]);
  try {
    const [ours = [], gdb = []] = await inTurns(ROUNDS, [() => untilGraph(pid), () => backtraces(pid)]);
    const what = `proof of a deadlock among ${threads} threads on disk`;
    return [
      rowOf({ what, figures: [ours, gdb], told: [ms, (took) => `${ms(took)} gdb`], goal: { atMost: 0.05 } }),
      limited(what, ours, limit),
    ];
  } finally {
    await kill();
  }
}

async function unproven(program: string, threads: number, limit: number): Promise<BenchRow> {
  const { pid, kill } = await start(program, ["readers", String(threads - 3)]);
  try {
    const took: number[] = [];
    for (let round = 0; round < ROUNDS; round++) took.push(await untilGraph(pid));
    return limited(`graph of ${threads} threads on disk that proves nothing`, took, limit);
  } finally {
    await kill();
  }
}

function limited(what: string, took: readonly number[], limit: number): BenchRow {
  return {
    what,
    ours: ms(median(took)),
    other: ms(limit),
    ...summed(took.map((one) => one / limit)),
    goal: { atMost: 1 },
  };
}

const ms = (took: number): string => `${Math.round(took)} ms`;

async function backtraces(pid: number): Promise<number> {
  const begun = performance.now();
  await promisify(execFile)("gdb", ["-batch", "-ex", "thread apply all bt", "-p", String(pid)], {
    timeout: WITHIN_MS,
    maxBuffer: 64 * 1024 * 1024,
  });
  return performance.now() - begun;
}

/** Tells when the graph has been written: a thread of its own, because whoever captures reads /proc without a pause. */
const WATCHER = `
  const { statSync, watch } = require("node:fs");
  const { parentPort, workerData } = require("node:worker_threads");
  watch(workerData, (_, name) => {
    if (name !== "wait-for.json" || statSync(workerData + "/" + name).size === 0) return;
    parentPort.postMessage(performance.timeOrigin + performance.now());
    process.exit();
  });
  parentPort.postMessage("watches");
`;

async function untilGraph(pid: number): Promise<number> {
  const directory = await mkdtemp(path.join(tmpdir(), "kvchaos-bench-"));
  const watcher = new Worker(WATCHER, { eval: true, workerData: directory });
  try {
    await once(watcher, "message");
    const written = withDeadline({ what: "the wait-for graph", within: WITHIN_MS }, () => once(watcher, "message"));
    const begun = performance.timeOrigin + performance.now();
    await captureEvidence({ node: "m1", pid, directory, reason: "deadlocked", links: [], clock: monotonicClock() });
    const [at] = await written;
    return at - begun;
  } finally {
    await watcher.terminate();
    await rm(directory, { recursive: true, force: true });
  }
}
