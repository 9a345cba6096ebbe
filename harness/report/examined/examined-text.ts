import { plainLine } from "../../base/escape.ts";
import { textTable } from "../../base/text-table.ts";
import { counted, formatTime } from "../../base/units.ts";
import type { Examination, ExaminedProcess } from "../../journal/examination.ts";
import { headline, howText, infoDigest, restText, stateText } from "./examined-words.ts";
import { PROCESS_HEAD, processRow, sortedEdges, waitText } from "./rows.ts";

/** So much of each section is told; the page has the rest. */
const MOST = { waits: 24, groups: 16, processes: 12, sockets: 8, log: 8, frames: 4 };

/** An examination for a terminal, line by line. */
export function examinedLines(examination: Examination): string[] {
  const { verdict, name, container, processes, facts, window, threads } = examination;
  const { proofs, hints } = verdict;
  const where = container ? ` in container ${container.id.slice(0, 12)} (${container.by})` : "";
  const sections: string[][] = [
    [`${headline(examination)}: ${name}${where}`, verdict.sentence],
    titled(
      "Proved",
      proofs.map((proof) => `  ${proof}`),
    ),
    titled(
      "Hints, which prove nothing",
      hints.map((hint) => `  ${hint}`),
    ),
    titled("Who waits for whom", waitLines(examination)),
    titled(
      `${counted(threads.length, "thread")} in ${counted(examination.groups.length, "group")}${window > 0 ? `, watched for ${formatTime(window)}` : ""}`,
      groupLines(examination),
    ),
    titled("Processes", processLines(processes)),
    titled("Sockets with something in their queues", socketLines(examination)),
    titled(
      "Known besides",
      facts.map((fact) => `  ${fact}`),
    ),
    titled("The server itself", answerLines(examination)),
    titled(examination.log ? `Log: ${examination.log.from}` : "", logLines(examination)),
    titled(
      "Not seen",
      examination.missing.map(({ what, why, how }) => `  ${what}: ${why}${how === null ? "" : `\n    → ${how}`}`),
    ),
    [howText(examination)],
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .flatMap((lines, i) => (i === 0 ? lines : ["", ...lines]))
    .flatMap((line) => line.split("\n"))
    .map(plainLine);
}

function titled(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [title, ...lines];
}

function cut<T>(all: readonly T[], most: number, line: (one: T) => string, what: string): string[] {
  const more = all.length - most;
  return [...all.slice(0, most).map(line), ...(more > 0 ? [`  … and ${more} more ${what}`] : [])];
}

function waitLines(examination: Examination): string[] {
  const { graph } = examination;
  const inCycle = new Set(graph?.cycles.flat() ?? []);
  const text = waitText(examination);
  return cut(
    sortedEdges(examination),
    MOST.waits,
    (edge) => `${inCycle.has(edge.from) ? "* " : "  "}${text(edge)}`,
    "waits",
  );
}

function groupLines({ groups }: Examination): string[] {
  const rows = groups.slice(0, MOST.groups).map((group) => [
    `  ${group.count}`,
    stateText(group),
    `${group.cpu} %`,
    restText(group),
    group.comms.slice(0, 4).join(", ") + (group.comms.length > 4 ? ", …" : ""),
    group.frames
      ? `${group.waitsFor} | ${group.frames
          .filter((frame) => frame !== "??")
          .slice(0, MOST.frames)
          .join(" < ")}`
      : group.waitsFor,
  ]);
  const more = groups.length - rows.length;
  return [
    ...textTable([["  threads", "state", "CPU", "rested for", "names", "waits for"], ...rows]),
    ...(more > 0 ? [`  … and ${more} more groups`] : []),
  ];
}

function processLines(processes: readonly ExaminedProcess[]): string[] {
  if (processes.length === 0) return [];
  const rows = processes.slice(0, MOST.processes).map(processRow);
  const more = processes.length - rows.length;
  return [
    ...textTable([PROCESS_HEAD, ...rows]).map((line) => `  ${line}`),
    ...(more > 0 ? [`  … and ${more} more processes`] : []),
  ];
}

function socketLines({ sockets }: Examination): string[] {
  const full = sockets.filter(({ unread, unsent }) => unread + unsent > 0);
  return cut(
    full,
    MOST.sockets,
    ({ pid, fd, state, local, peer, unread, unsent, stuck }) =>
      `  ${pid} fd ${fd} ${state} ${local}${peer === null ? "" : ` ← ${peer}`}: ${
        state === "LISTEN"
          ? `${unread} not accepted`
          : `${unread} B unread, ${unsent} B unsent${stuck ? ", nobody reads" : ""}`
      }`,
    "sockets",
  );
}

function answerLines({ answers }: Examination): string[] {
  return answers.map(({ to, asked, text, why, ms }) =>
    text === null
      ? `  ${to} ${asked}: no answer, ${why}`
      : `  ${to} ${asked}, answered within ${ms} ms: ${infoDigest(text)}`,
  );
}

function logLines({ log }: Examination): string[] {
  return (log?.lines ?? []).slice(-MOST.log).map((line) => `  ${line}`);
}
