import { cpus, release } from "node:os";
import type { Clock } from "../base/clock.ts";
import { wallClock } from "../base/clock.ts";
import { version } from "../base/version.ts";
import { syscallName } from "../forensics/syscalls.ts";
import { PARKED } from "../forensics/wait-baseline.ts";
import type { Answer, Examination } from "../journal/examination.ts";
import { addressOf, askInfo, takesInfo } from "./ask.ts";
import type { Container } from "./containers.ts";
import { familyOf } from "./family.ts";
import { lookAtFamily } from "./family-look.ts";
import { groupsOf } from "./groups.ts";
import { judge } from "./judge.ts";
import { fileTail, logTail } from "./log-tail.ts";
import { askForNames } from "./names.ts";
import { filesOf, socketsOf } from "./open-things.ts";
import { postgresFacts } from "./postgres.ts";
import { processFacts, readIo } from "./process-facts.ts";
import { missingRights } from "./rights.ts";
import { waitsOf } from "./waits.ts";

/*
 *   pid ─► familyOf ─► lookAtFamily: three looks in a second, nothing is stopped ─┬─► waitsOf ─► graph ─┐
 *                        │   /proc/<pid>/task/*, mem, fd, net                     ├─► groups            ├─► judge ─► Examination
 *                        │                                                        └─► sockets, files ───┤
 *                        └─► postgresFacts (beside the looks), then INFO and the log ───────────────────┘
 */

export interface ExamineOptions {
  /** As the user said it, for the report. */
  asked: string;
  pid: number;
  container: Container | null;
  /** What finding it has told. */
  notes?: readonly string[];
  /** A file to take the log from. */
  log?: string | undefined;
  /** For INFO. */
  password?: string | undefined;
  /** Function names too, at the end: stops the process for a moment. */
  gdb?: boolean | undefined;
  /** Called when everything is there that stops nothing, before gdb begins. */
  onHarmless?: ((examination: Examination) => Promise<void>) | undefined;
  clock: Clock;
  signal?: AbortSignal | undefined;
}

/**
 * What hangs in a process, and in its family? Takes less than two seconds and stops nothing; asks the server for INFO where it is one that takes
 * it. What cannot be seen is in `missing`; rejects only when aborted.
 */
export async function examineProcess(options: ExamineOptions): Promise<Examination> {
  const { asked, pid, container, clock, signal } = options;
  const begun = clock.now();
  const at = new Date(wallClock()).toISOString();
  const family = familyOf(pid);
  const before = readIo(family.pids);
  const facts = processFacts(family.pids);
  const main = facts[0];
  const inner = new Map(facts.map(({ pid: one, nsPid }) => [nsPid, one]));
  const [look, postgres] = await Promise.all([
    lookAtFamily(family.pids, clock, signal),
    main ? postgresFacts(main.pid, main.comm, inner, signal) : null,
  ]);
  const after = readIo(family.pids);
  const titles = new Map(facts.map((one) => [one.pid, facts.length > 1 ? one.title : null]));
  const { graph, threadName, comms } = waitsOf(look, { titles, told: postgres?.edges ?? [] });
  const files = filesOf(look);
  const sockets = socketsOf(look);

  const answers: Answer[] = [];
  for (const one of facts) {
    const own = look.descriptors.get(one.pid)?.last.sockets ?? [];
    const address = takesInfo(one.comm) || takesInfo(one.title) ? addressOf(one.pid, own) : null;
    if (address) answers.push(await askInfo(address, options.password, signal));
  }
  const log = options.log === undefined ? await logTail(pid, files, container, signal) : fileTail(options.log);

  const later = new Map(processFacts(family.pids).map((one) => [one.pid, one]));
  const processes = facts.map(({ nsPid: _, comm: __, ...one }) => {
    const [then, now] = [before.get(one.pid), after.get(one.pid)];
    const [read, written] =
      then && now ? [now.readBytes - then.readBytes, now.writtenBytes - then.writtenBytes] : [0, 0];
    const io = then && now ? { ...now, read, written } : null;
    return { ...one, io, frozen: one.frozen && later.get(one.pid)?.frozen === true, still: look.still.has(one.pid) };
  });
  const blindOf = (one: number): boolean => {
    const own = look.threads.filter((thread) => thread.pid === one);
    return own.length > 0 && own.every(({ syscall }) => syscall === null);
  };
  const rights = missingRights(
    processes.map(({ pid: one, title }) => ({
      pid: one,
      title,
      calls: blindOf(one),
      locks: look.unread.get(one) ?? null,
    })),
  );
  const missing = [
    ...rights,
    ...("why" in log ? [{ what: "the log", why: log.why, how: null }] : []),
    ...answers.flatMap(({ text, silent, why, to }) =>
      text === null && !silent ? [{ what: `INFO of ${to}`, why: why ?? "", how: null }] : [],
    ),
    ...(postgres?.why ? [{ what: "pg_stat_activity", why: postgres.why, how: null }] : []),
  ];
  const threads = look.threads.map((thread) => {
    const { tid, nsTid, state, wchan, asleep, stack, restedFor, syscall } = thread;
    const call = syscall === null ? null : syscall.kind === "in" ? syscallName(syscall.number) : syscall.kind;
    const cpu = look.window > 0 ? Math.round((thread.cpuMs / look.window) * 1000) / 10 : 0;
    const cpuMs = thread.userMs + thread.systemMs;
    return { tid, nsTid, pid: thread.pid, comm: comms(tid), state, wchan, call, cpu, cpuMs, asleep, restedFor, stack };
  });
  const name = `${facts.find((one) => one.pid === pid)?.title ?? "process"} ${pid}`;
  const blind = blindOf(pid) ? "its system calls could not be read" : (look.unread.get(pid) ?? null);
  const verdict = judge({
    ...{ pid, name, graph, threadName, processes, threads, sockets, answers },
    ...{ hints: postgres?.hints ?? [], unseen: blind, window: look.window },
  });
  const harmless: Examination = {
    ...{ examination: 1, kvchaos: version, at, asked, name, kind: "process", container },
    program: main?.comm ?? null,
    host: { kernel: release(), cores: cpus().length },
    ...{
      verdict,
      window: look.window,
      graph,
      processes,
      threads,
      moreProcesses: family.more,
      sockets,
      files,
      answers,
      missing,
    },
    groups: groupsOf(look, threadName, threads),
    log: "why" in log ? null : log,
    facts: [
      ...(options.notes ?? []),
      ...(postgres?.facts ?? []),
      ...(graph && graph.subtracted.length > 0 ? [PARKED] : []),
    ],
    gdb: null,
    took: Math.round(clock.now() - begun),
  };
  if (!options.gdb) return harmless;
  await options.onHarmless?.(harmless);
  const { gdb, stacks } = await askForNames(pid, harmless, threadName, clock, signal);
  return { ...harmless, gdb, groups: groupsOf(look, threadName, threads, stacks) };
}
