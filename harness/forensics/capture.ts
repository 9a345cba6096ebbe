import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ChaosError, messageOf } from "../base/chaos-error.ts";
import { withDeadline } from "../base/deadline.ts";
import { printableText } from "../base/escape.ts";
import type { HangEvidence, WaitGraph } from "../journal/evidence-data.ts";
import { backtraceText, type GdbOptions, takeBacktraces } from "./gdb.ts";
import { type LookOptions, lookAtProcess, type Seen } from "./look.ts";
import { socketsText } from "./sockets.ts";
import { groupThreads, threadsText } from "./thread-groups.ts";
import { graphSummary, graphText, proofSentence, type ThreadName } from "./wait-graph-text.ts";

/*
 *   /proc/<pid>/task/*  ─┐                    ┌─► threads.json  threads.txt
 *   /proc/<pid>/mem ─────┼─► 3 snapshots ─────┼─► wait-for.json wait-for.txt ─► proof
 *   /proc/<pid>/fd, net ─┘   (harmless)       └─► sockets.txt
 *   INFO, CLIENT LIST, log  ── deadlines ───────► info.txt  server.log
 *   gdb -p <pid>  (last: stops the process) ────► stacks-gdb.txt ─► function names per group
 */

export interface EvidenceOptions extends LookOptions {
  node: string;
  /** Absolute; made when missing. One per capture. */
  directory: string;
  /** Why it is captured, e.g. "deadlocked". */
  reason: string;
  /** Asks the node on a fresh connection; its answer as text. */
  ask?: ((argv: readonly string[]) => Promise<string>) | undefined;
  /** What its INFO is asked with. Default ["INFO"]. */
  info?: readonly string[] | undefined;
  /** The server's log since the fault that is suspected. */
  logSince?: (() => Promise<string>) | undefined;
  /** Hides the secrets in what is written: evidence is published. */
  hide?: ((text: string) => string) | undefined;
  /** Function names too, if it says so when everything else is on disk. Absent: no, it stops the process for a moment. */
  gdb?: (() => boolean) | undefined;
  /** Called as soon as everything harmless is on disk, before gdb begins. */
  onHarmless?: ((evidence: Evidence) => void) | undefined;
  /** Called when gdb has stopped the process; what it returns, when the process goes on. */
  onStopped?: GdbOptions["onStopped"];
}

export interface Evidence {
  /** Absolute paths, in the order of writing. */
  files: string[];
  /** What was found, and what is missing because of what. */
  summary: string;
  /** "function names because …": what could not be had, each with its reason. */
  missing: string[];
  /** The wait-for cycle in one sentence, or null when there is none. */
  proof: string | null;
  /** Until everything harmless was on disk. */
  ms: number;
  /** What gdb took after that, its own start included; 0 when it was not asked for. */
  gdbMs: number;
  stoppedProcessMs: number;
  /** For the journal and the report. Kernel stacks are only in the files. */
  data: HangEvidence;
}

/** ms a hung server gets to answer INFO. */
const ASK_WITHIN = 250;
/** A file on this machine is read in milliseconds, unless the machine is so busy that it is better to wait for it than to do without. */
const LOG_WITHIN = 5_000;
/** Symbols of a big server on a busy machine take most of it; the process stands still only at the end. */
const GDB_WITHIN = 20_000;
const GDB_DEPTH = 40;

/**
 * Captures what is known about a process that hangs, cheap and harmless first: everything but gdb leaves it running and is on
 * disk within a second. Whatever cannot be had is named in the summary ("missing: … because …"); only an abort, or a directory
 * that cannot be written, rejects. Linux; needs root or CAP_SYS_PTRACE for locks and system calls (proc(5)).
 */
export async function captureEvidence(options: EvidenceOptions): Promise<Evidence> {
  const { clock, signal, directory, pid } = options;
  const begun = clock.now();
  signal?.throwIfAborted();
  mkdirSync(directory, { recursive: true });
  const files: string[] = [];
  const missing: string[] = [];
  const write = async (name: string, text: string): Promise<void> => {
    const path = join(directory, name);
    writeFileSync(path, options.hide?.(text) ?? text);
    if (!files.includes(path)) files.push(path);
  };

  // Reading a log is harmless, so it runs beside the snapshots; asking the server is not, so it waits until they are taken.
  const log = options.logSince ? answerOf("the server's log", LOG_WITHIN, options.logSince, signal) : null;
  const seen = await lookAtProcess(options, missing, (graph, named) => write("wait-for.json", graphJson(graph, named)));
  if (seen) await writeProcess(seen, options, write);
  signal?.throwIfAborted();
  if (options.ask) await write("info.txt", await askServer(options.ask, options.info, missing, signal));
  if (log) {
    const { text, why } = await log;
    if (text === null) missing.push(`the server's log because ${why}`);
    else await write("server.log", printableText(text));
  }

  if (options.gdb && pid === null && seen)
    missing.push("function names because the server's process is not known on this host, where gdb is");
  const harmless = evidenceOf(seen, files, missing, Math.round(clock.now() - begun));
  options.onHarmless?.(harmless);
  const told = clock.now();
  if (pid === null || !seen || !options.gdb?.()) return harmless;

  const { stacks, stoppedMs } = await stopForStacks(pid, seen, options, missing, write);
  const gdbMs = Math.round(clock.now() - told);
  return { ...evidenceOf(seen, files, missing, harmless.ms, stacks), gdbMs, stoppedProcessMs: stoppedMs };
}

function evidenceOf(
  seen: Seen | null,
  files: readonly string[],
  missing: readonly string[],
  ms: number,
  stacks?: ReadonlyMap<number, string[]>,
): Evidence {
  const saw = seen?.graph ? graphSummary(seen.graph, seen.name) : "no wait-for graph";
  const found = [saw, ...(seen?.notes ?? [])].join(". ");
  return {
    files: [...files],
    summary: [found, ...missing.map((what) => `missing: ${what}`)].join(". "),
    missing: [...missing],
    proof: seen?.graph ? proofSentence(seen.graph, seen.name) : null,
    ms,
    gdbMs: 0,
    stoppedProcessMs: 0,
    data: {
      found,
      threads: (seen?.threads ?? []).map(({ stack: _, ...thread }) => thread),
      graph: seen?.graph ?? null,
      groups: seen ? groupThreads({ ...seen, ...(stacks ? { stacks } : {}) }) : [],
    },
  };
}

async function stopForStacks(
  pid: number,
  seen: Seen,
  { clock, signal, onStopped }: EvidenceOptions,
  missing: string[],
  write: Write,
): Promise<{ stacks?: ReadonlyMap<number, string[]>; stoppedMs: number }> {
  const result = await takeBacktraces({ pid, clock, signal, within: GDB_WITHIN, depth: GDB_DEPTH, onStopped });
  const { stoppedMs } = result;
  if (!result.taken) {
    missing.push(`function names because ${result.why}`);
    return { stoppedMs };
  }
  await write("stacks-gdb.txt", backtraceText(result, seen.name));
  return { stacks: new Map(result.traces.map((trace) => [trace.tid, trace.frames])), stoppedMs };
}

type Write = (name: string, text: string) => Promise<void>;

/** The graph first: somebody may be waiting for it. */
async function writeProcess(seen: Seen, options: EvidenceOptions, write: Write): Promise<void> {
  const { threads, graph, facts, sockets, notes } = seen;
  const head = { node: options.node, reason: options.reason, at: options.clock.now(), process: facts };
  if (graph) {
    await write("wait-for.json", graphJson(graph, seen.name));
    await write("wait-for.txt", graphText(graph, threads, notes));
  }
  await write("threads.json", `${JSON.stringify({ ...head, threads }, null, 1)}\n`);
  await write("threads.txt", threadsText(groupThreads(seen), threads));
  await write("sockets.txt", socketsText(sockets));
}

function graphJson(graph: WaitGraph, name: ThreadName): string {
  return `${JSON.stringify({ ...graph, proof: proofSentence(graph, name) }, null, 1)}\n`;
}

async function askServer(
  ask: NonNullable<EvidenceOptions["ask"]>,
  info: readonly string[] = ["INFO"],
  missing: string[],
  signal: AbortSignal | undefined,
): Promise<string> {
  const questions = [info, ["CLIENT", "LIST"]];
  const answers = await Promise.all(
    questions.map((argv) => answerOf(argv.join(" "), ASK_WITHIN, () => ask(argv), signal)),
  );
  const sections = questions.map((argv, i) => {
    const { text, why } = answers[i] ?? { text: null, why: "it was not asked" };
    if (text === null) missing.push(`${argv.join(" ")} because ${why}`);
    return `> ${argv.join(" ")}\n${text === null ? `no answer: ${why}` : printableText(text)}\n`;
  });
  return sections.join("\n");
}

async function answerOf(
  what: string,
  within: number,
  question: () => Promise<string>,
  signal: AbortSignal | undefined,
): Promise<{ text: string | null; why: string }> {
  try {
    return { text: await withDeadline({ what: `an answer (${what})`, within, signal }, question), why: "" };
  } catch (error) {
    const late = error instanceof ChaosError && error.code === "timeout";
    return { text: null, why: late ? `there was no answer within ${within} ms` : messageOf(error) };
  }
}
