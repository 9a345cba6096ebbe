import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { cpus, release } from "node:os";
import { basename, join } from "node:path";
import { messageOf } from "../../base/chaos-error.ts";
import { type Clock, wallClock } from "../../base/clock.ts";
import { printable, printableText } from "../../base/escape.ts";
import { findProgram } from "../../base/programs.ts";
import { version } from "../../base/version.ts";
import { parseBacktraces } from "../../forensics/backtrace.ts";
import { lockLayoutOf } from "../../forensics/process.ts";
import { syscallName } from "../../forensics/syscalls.ts";
import { waitEdges } from "../../forensics/wait-edges.ts";
import { waitGraph } from "../../forensics/wait-graph.ts";
import { proofSentence } from "../../forensics/wait-graph-text.ts";
import type { Examination, Missing } from "../../journal/examination.ts";
import { foldFrames } from "../../locks/names/fold-frames.ts";
import { quietGdb, runGdb } from "../../locks/names/gdb-process.ts";
import { groupsOf } from "../groups.ts";
import { judge } from "../judge.ts";
import { waitsOf } from "../waits.ts";
import { type CoreImage, openCore } from "./core-image.ts";
import { coreThreads } from "./core-threads.ts";

export interface CoreOptions {
  file: string;
  /** Where the files of its machine or container are, "/" by default. */
  root: string;
  clock: Clock;
  signal?: AbortSignal | undefined;
}

const GDB_WITHIN = 60_000;
const NO_DESCRIPTORS = { fds: new Map<number, string>(), sockets: [], epollTargets: () => [] };
/** Signals that end a process because of what it did (signal(7)). */
const DEADLY: Readonly<Record<number, string>> = {
  4: "SIGILL",
  6: "SIGABRT",
  7: "SIGBUS",
  8: "SIGFPE",
  11: "SIGSEGV",
  31: "SIGSYS",
};
const NAMED = 6;

/**
 * What hung in a process of which a core is left: the same locks, read from the core instead of from the process. It is one moment, so a cycle in
 * it is one; who waits since when, nobody can tell. Function names are gdb's, where it and the program are here.
 * @throws ChaosError usage: it is no core that can be read
 */
export async function examineCore({ file, root, clock, signal }: CoreOptions): Promise<Examination> {
  const begun = clock.now();
  const image = openCore(file);
  try {
    const seen = coreThreads(image);
    // Who makes a core from outside may know the threads by other numbers than the note does: the first thread has the lowest.
    const pid = seen.some(({ tid }) => tid === image.pid) ? image.pid : Math.min(...seen.map(({ tid }) => tid));
    const threads = seen.map((thread) => ({ ...thread, pid, restedFor: null }));
    const layout = layoutOf(image, root);
    const readable = !("why" in layout) || layout.unchecked;
    const edges = readable ? waitEdges(threads, image.memory, NO_DESCRIPTORS) : [];
    // Where nobody knows whether its locks are those of glibc, what they say is no proof.
    const sure = edges.map((edge) => ("why" in layout ? { ...edge, weak: true as const } : edge));
    const unread = new Map("why" in layout ? [[pid, layout.why] as const] : []);
    const look = { threads, stable: sure, edges, unread, descriptors: new Map(), still: new Set<number>(), window: 0 };
    const { graph, threadName, comms } = waitsOf(look, { titles: new Map(), told: [] });
    const names = await namesOf(image, file, root, signal);
    const examined = threads.map(({ tid, nsTid, asleep, syscall }) => {
      const call = syscall?.kind === "in" ? syscallName(syscall.number) : "running";
      return {
        tid,
        nsTid,
        pid,
        comm: comms(tid),
        state: "S",
        wchan: null,
        call,
        cpu: 0,
        cpuMs: 0,
        asleep,
        restedFor: null,
        stack: null,
      };
    });
    const [died] = image.threads;
    const deadly = died && DEADLY[died.signal];
    const frames = foldFrames([...(names.stacks.get(died?.tid ?? 0) ?? [])]).slice(0, NAMED);
    const where = frames.length > 0 ? ` in ${frames.join(" < ")}` : "";
    const death = deadly ? `${image.comm} died of ${deadly}, which thread ${died.tid} took${where}` : null;
    const cycle = "why" in layout ? proofSentence(waitGraph(edges, threads), threadName) : null;
    const hints =
      cycle === null ? [] : [`${cycle}, if its locks are those of glibc 2.25 or later, which could not be checked`];
    const unseen = "why" in layout ? layout.why : null;
    const name = basename(file);
    const verdict = judge({
      ...{ pid, name, graph, threadName, processes: [], threads: examined, sockets: [], answers: [] },
      ...{ hints, unseen, window: 0, death },
    });
    const missing: Missing[] = [
      ...("why" in layout
        ? [
            {
              what: "locks",
              why: layout.why,
              how: layout.unchecked ? "name the folder in which its machine's files are with --root" : null,
            },
          ]
        : []),
      ...(names.gdb.why === null ? [] : [{ what: "function names", why: names.gdb.why, how: null }]),
    ];
    const written = `written ${statSync(file).mtime.toISOString()}, of ${printable(image.args || image.comm)}`;
    return {
      ...{ examination: 1, kvchaos: version, at: new Date(wallClock()).toISOString(), asked: file, name, kind: "core" },
      ...{
        program: image.comm,
        container: null,
        host: { kernel: release(), cores: cpus().length },
        verdict,
        window: 0,
        graph,
      },
      groups: groupsOf(look, threadName, examined, names.stacks),
      ...{ processes: [], threads: examined, moreProcesses: 0, sockets: [], files: [], log: null, answers: [] },
      facts: [`core ${written}`, ...(death === null ? [] : [death])],
      ...{ missing, gdb: names.gdb.text === "" ? null : names.gdb, took: Math.round(clock.now() - begun) },
    };
  } finally {
    image.memory.close();
  }
}

type Layout = { library: string } | { why: string; unchecked: boolean };

/** Of the C library that was mapped: the file here is that one if it begins with the same page, in which its build id lies. */
function layoutOf({ files, memory }: CoreImage, root: string): Layout {
  const maps = files.map(({ path }) => `0 0 0 ${path}`).join("\n");
  const header = Buffer.alloc(20);
  header[4] = 2;
  header.writeUInt16LE(62, 18);
  let unchecked = false;
  const layout = lockLayoutOf({ header, maps }, (path) => {
    const mapped = files.find((one) => one.path === path && one.offset === 0);
    const here = join(root, path);
    const same = mapped !== undefined && existsSync(here) && samePage(here, memory.words(mapped.from, 1024));
    unchecked = !same;
    return same ? bannerIn(here) : "";
  });
  if (layout.supported) return { library: layout.library };
  const why = `the C library that it was mapped with is not below ${root}, so how its locks are made is not known`;
  return unchecked ? { why, unchecked } : { why: layout.why, unchecked };
}

function samePage(path: string, words: readonly number[] | null): boolean {
  if (words === null) return false;
  const file = openSync(path, "r");
  const page = Buffer.alloc(4096);
  const read = readSync(file, page, 0, page.length, 0);
  closeSync(file);
  return read === page.length && words.every((word, i) => word === page.readUInt32LE(i * 4));
}

function bannerIn(path: string): string {
  const bytes = readFileSync(path);
  const at = bytes.indexOf("GNU C Library");
  return at < 0 ? "" : bytes.toString("latin1", at, at + 200);
}

async function namesOf({ files }: CoreImage, core: string, root: string, signal: AbortSignal | undefined) {
  const none = (why: string) => ({ gdb: { stoppedMs: 0, why, text: "" }, stacks: new Map<number, string[]>() });
  const gdb = findProgram("gdb");
  if (!gdb) return none("gdb is not installed on this machine");
  const program = files.map(({ path }) => join(root, path)).find((path) => !/\.so\b/.test(path) && existsSync(path));
  try {
    const args = [
      ...quietGdb(`set sysroot ${root}`),
      ...(program ? [program] : []),
      "-core",
      core,
      "-ex",
      "thread apply all bt 60",
    ];
    const { output, failed } = await runGdb(gdb, args, { within: GDB_WITHIN, signal });
    const traces = parseBacktraces(output);
    if (traces.length === 0) return none(failed ?? "gdb printed no stack");
    return {
      gdb: { stoppedMs: 0, why: null, text: printableText(output) },
      stacks: new Map(traces.map(({ tid, frames }) => [tid, frames])),
    };
  } catch (error) {
    signal?.throwIfAborted();
    return none(messageOf(error));
  }
}
