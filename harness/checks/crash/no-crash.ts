import { constants } from "node:os";
import { ChaosError } from "../../base/chaos-error.ts";
import { groupBy } from "../../base/group-by.ts";
import type { EventOf, Finding } from "../../journal/events.ts";
import type { RunRecord } from "../../journal/record.ts";
import { systems } from "../../systems/registry.ts";
import type { LogRule, System } from "../../systems/system.ts";
import { serverIn } from "../../systems/system-of-image.ts";
import { type Check, type Judged, resultOf } from "../check.ts";
import { evidenceOf } from "../evidence-of.ts";
import { bytesBefore } from "../sent-bytes.ts";

/** Signs of one crash come together: its log lines, the kernel's OOM notice, the exit. */
const TOGETHER_MS = 15_000;
const LINES_SHOWN = 20;
/** The end of a process and those of its connections are told by different clocks. */
const LOST_MS = 1_500;
const WAITED_SHOWN = 4;
/** Of a server that did not start: why, and that it ends. */
const LINES_OF_PROOF = 2;

export const noCrash: Check = {
  name: "no-crash",
  summary:
    "No server process ends, is killed by the kernel, or writes a crash report unless one of our faults asked for it.",
  check: (record) => resultOf(judgeCrashes(record)),
};

type Sign = EventOf<"container"> | EventOf<"log">;

/** Every process that ended, or wrote a crash report, without one of our faults asking for it. */
export function judgeCrashes(record: RunRecord): Judged {
  const judged: Judged = { findings: [], unknown: [] };
  const rulesOf = crashRules(record);
  const end = record.view.watchEnd;
  const events = record.events.filter(
    (event): event is Sign =>
      event.t <= end && (event.type === "container" || (event.type === "log" && rulesOf(event.node).has(event.rule))),
  );
  const signs = groupBy(
    events.sort((a, b) => a.t - b.t),
    ({ node }) => node,
  );
  for (const [node, own] of signs) {
    for (const crash of crashesIn(own)) {
      if (crash.some((sign) => sign.type === "container" && sign.action === "die" && sign.ours)) continue;
      if (record.view.isControl(node)) judged.unknown.push(`the control server ${node} ended by itself`);
      else judged.findings.push(crashFinding(record, rulesOf(node), node, crash, own));
    }
  }
  judgeVanished(record, judged);
  for (const one of record.of("server")) if (one.ended) judgeStart(record, one, one.ended, judged);
  return judged;
}

/** Commands drawn from its table that it had not answered when its process ended. */
function commandsLost(record: RunRecord, node: string, at: number): string[] {
  const lost = record.ofNode("command-lost", node).filter(({ t }) => t >= at - LOST_MS && t <= at + LOST_MS);
  return lost.map(({ words }) => words);
}

function waitedText(words: readonly string[]): string {
  if (words.length === 0) return "";
  const more = words.length > WAITED_SHOWN ? `; and ${words.length - WAITED_SHOWN} more` : "";
  return ` When it ended it had not answered: ${words.slice(0, WAITED_SHOWN).join("; ")}${more}.`;
}

/** Signs of the same crash, in groups: a start, a second death or a long silence begins a new group. */
function crashesIn(signs: readonly Sign[]): Sign[][] {
  const crashes: Sign[][] = [];
  let open: Sign[] | undefined;
  for (const sign of signs) {
    if (sign.type === "container" && (sign.action === "pause" || sign.action === "unpause")) continue;
    if (sign.type === "container" && sign.action === "start") {
      open = undefined;
      continue;
    }
    const previous = open?.at(-1);
    const secondDeath = isDeath(sign) && open?.some(isDeath);
    if (!open || secondDeath || (previous && sign.t - previous.t > TOGETHER_MS)) {
      open = [];
      crashes.push(open);
    }
    open.push(sign);
  }
  return crashes;
}

function isDeath(sign: Sign): sign is EventOf<"container"> {
  return sign.type === "container" && sign.action === "die";
}

function crashFinding(record: RunRecord, rules: CrashRules, node: string, crash: Sign[], all: Sign[]): Finding {
  const from = (crash[0] as Sign).t;
  const death = crash.find(isDeath);
  const logged = crash.filter((sign) => sign.type === "log");
  const oom = crash.some((sign) => sign.type === "container" && sign.action === "oom");
  const restart = all.find((sign) => sign.type === "container" && sign.action === "start" && sign.t > from);
  // Without an exit the process went on after its report: it is over when the report is.
  const to = death ? (restart?.t ?? null) : (crash.at(-1) as Sign).t;
  const captured = evidenceOf(record, node, from - TOGETHER_MS, to);
  const bytes = bytesBefore(record, node, from, "ended");
  const waited = commandsLost(record, node, from);
  const code = death?.exitCode ?? null;
  const signal = signalOf(code);
  const exit = death && (code === null ? "ended" : `ended with exit code ${code}${signal ? ` (${signal})` : ""}`);
  const what = oom
    ? `${exit ?? "lost a process"}, killed by the kernel for lack of memory`
    : [assertionOf(rules, logged), exit ?? "logged a crash"].filter(Boolean).join(" and ");
  return {
    type: "crash",
    class: oom ? "oom-killed" : death ? "exit" : "crash-log",
    node,
    from,
    to,
    summary: `${node} ${what}; no fault of this run asked for it.${bytes ? ` ${bytes.text}` : ""}${waitedText(waited)}${captured.leftCore ? ` It left a ${captured.core}.` : ""}`,
    proof: proofOf(rules, logged, captured, exit),
    evidence: [...captured.files, ...(bytes?.files ?? [])],
    detail: {
      exitCode: code,
      signal,
      oom,
      lines: logged.slice(0, LINES_SHOWN).map(({ line }) => line),
      lastLines: captured.lastLines,
      core: captured.core,
      ...(waited.length > 0 ? { waited } : {}),
    },
  };
}

/** What a server that ended itself said of it: the signal by which it did so says nothing. */
function assertionOf(rules: CrashRules, logged: readonly EventOf<"log">[]): string | undefined {
  const told = logged.find(({ rule }) => rules.get(rule)?.says === "assertion");
  if (told?.fields.what === undefined) return undefined;
  const where = told.fields.where === undefined ? "" : ` (${told.fields.where})`;
  return `${told.rule.includes("assertion") ? "failed the assertion" : "logged the fatal error"} "${told.fields.what}"${where}`;
}

/** The failed assertion, else the signal, else what else the log gives as the cause, else its last words and the exit. */
function proofOf(
  rules: CrashRules,
  logged: readonly EventOf<"log">[],
  { proof, lastLines }: { proof: string | null; lastLines: readonly string[] },
  exit: string | undefined,
): string | null {
  const saying = (what: LogRule["says"]): string | undefined =>
    logged.find(({ rule }) => rules.get(rule)?.says === what)?.line;
  const ended = exit && `The container's process ${exit}.`;
  const signal = saying("signal");
  const withExit = signal && [signal, ended].filter(Boolean).join(" · ");
  const told = saying("assertion") ?? withExit ?? proof ?? saying(undefined);
  if (told) return told;
  // What comes after the heading of a report without a cause is the report: registers, settings, a test of the memory.
  const words = logged.length > 0 ? undefined : lastLines.at(-1);
  return words === undefined ? (ended ?? null) : `${ended ?? ""} Its last words: ${words}`.trim();
}

/**
 * A fault started a node again, with its own server or another one, and that ended before it answered: what is told is that it does not
 * go, not whose fault it is. Nothing is, where another fault held the node just then: short of memory or of disk, it may not have been able to.
 */
function judgeStart(
  record: RunRecord,
  { t, node, by, image, before }: EventOf<"server">,
  { exitCode, lastLines }: NonNullable<EventOf<"server">["ended"]>,
  judged: Judged,
): void {
  const sameTry = (one: Finding): boolean => one.class === "not-started" && one.node === node && one.detail?.by === by;
  // It was tried again while healing.
  if (judged.findings.some(sameTry)) return;
  const held = record.view.faults.find(
    ({ id, targets, injected, to }) =>
      id !== by && targets.includes(node) && injected !== null && injected <= t && (to === null || to > t),
  );
  const same = image === before;
  if (same && held) {
    judged.unknown.push(`${node} ended when it was started again, while the fault ${held.id} held it`);
    return;
  }
  const next = record.ofNode("container", node).find((one) => one.action === "start" && one.t > t);
  const { files } = evidenceOf(record, node, t - TOGETHER_MS, next?.t ?? null);
  const said = lastLines
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .slice(-LINES_OF_PROOF);
  const what = same
    ? `${node} does not start again on its own data: it ended`
    : `${image} does not start on the data of ${before}: ${node} ended`;
  judged.findings.push({
    type: "crash",
    class: "not-started",
    node,
    from: t,
    to: next?.t ?? null,
    summary: `${what} with exit code ${exitCode} before it answered (fault ${by}).`,
    proof: said.length > 0 ? `Its last words: ${said.join(" · ")}` : null,
    evidence: files,
    detail: { exitCode, signal: signalOf(exitCode), oom: false, lines: [], lastLines, core: null, by },
  });
}

/** The process is gone though its container never told: seen by the watchdog alone. */
function judgeVanished(record: RunRecord, judged: Judged): void {
  const deaths = record.of("container").filter((event) => event.action === "die");
  for (const { node, condition, from, to, why } of [...record.view.conditions.values()].flat()) {
    const told = deaths.some((one) => one.node === node && one.t >= from - TOGETHER_MS && one.t <= (to ?? Infinity));
    const known = judged.findings.some((one) => one.node === node && one.from <= from && (one.to ?? Infinity) >= from);
    if (condition !== "dead" || told || known) continue;
    const { files, proof } = evidenceOf(record, node, from, to);
    judged.findings.push({
      type: "crash",
      class: "process-gone",
      node,
      from,
      to,
      summary: `The server process of ${node} is gone; no fault of this run asked for it.`,
      proof,
      evidence: files,
      detail: { why },
    });
  }
}

type CrashRules = ReadonlyMap<string, LogRule>;

/** Those of the server that runs on a node: sentinels may be another system's program. */
function crashRules(record: RunRecord): (node: string) => CrashRules {
  const name = record.first("run")?.system;
  const system = name === undefined ? undefined : systems.get(name);
  if (!system) throw new ChaosError("usage", `the journal names no system that is known here: ${name ?? "none"}`);
  const rulesOf = ({ logRules }: Pick<System, "logRules">): CrashRules =>
    new Map(logRules.filter((rule) => rule.meaning === "crash").map((rule) => [rule.name, rule]));
  const own = new Map(
    record.view.nodes.map(({ name: node, role, image }) => [
      node,
      rulesOf(role === "helper" ? { logRules: system.controller?.logRules ?? [] } : serverIn(image, system).system),
    ]),
  );
  const others = rulesOf(system);
  return (node) => own.get(node) ?? others;
}

/** 137 → "SIGKILL": a container reports death by signal n as 128 + n. */
export function signalOf(code: number | null): string | null {
  if (code === null || code <= 128) return null;
  return Object.entries(constants.signals).find(([, number]) => number === code - 128)?.[0] ?? null;
}
