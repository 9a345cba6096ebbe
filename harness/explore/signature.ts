import type { HangEvidence } from "../journal/evidence-data.ts";
import { type Finding, kindOf } from "../journal/finding.ts";
import type { RunRecord } from "../journal/record.ts";
import { masked } from "./masked.ts";

/*
 * What two findings of one bug have in common, whatever the seed: what kind they are, of whom, and the shape of what was seen. Names of nodes,
 * keys, numbers and times are not in it.
 */

/** Frames of a stack that tell one bug from another. */
const TOP_FRAMES = 3;
const LINES = 2;

/** "hang/deadlocked of replica: worker joins master-repl, master-repl wants rwlock" */
export function signatureOf(finding: Finding, record: RunRecord): string {
  const of = roleOf(finding, record);
  const shape = shapeOf(finding, record);
  return `${kindOf(finding)}${of === null ? "" : ` of ${of}`}${shape === "" ? "" : `: ${shape}`}`;
}

/** What the node was when it began, or null: it is of none. */
function roleOf({ node, from }: Finding, record: RunRecord): string | null {
  if (node === null) return null;
  const topology = record.view.topologyAt(from);
  if (topology?.masters.includes(node)) return "master";
  if (topology && node in topology.replicaOf) return "replica";
  return record.view.nodes.find(({ name }) => name === node)?.role ?? null;
}

function shapeOf(finding: Finding, record: RunRecord): string {
  const { type, node, from, to, detail } = finding;
  if (type === "crash") return crashShape(finding, record);
  if (detail?.differences) return differenceShape(detail.differences);
  if (detail?.cells) return "";
  if (detail?.command) return masked(detail.command).toUpperCase();
  if (detail?.errors) return Object.keys(detail.errors).sort().slice(0, LINES).join(", ");
  if (type !== "hang" && type !== "shutdown-hang") return "";
  const captured = node === null ? [] : record.view.captures(node, from, to);
  const evidence = captured.flatMap(({ data }) => (data?.graph ? [data as HangEvidence] : []));
  return evidence.map(waitShape).find((shape) => shape !== "") ?? "";
}

/** A cycle from its first thread by name on; else what most threads wait behind. */
function waitShape({ graph, threads, groups }: HangEvidence): string {
  const nameOf = (tid: number): string =>
    (threads.find((thread) => thread.tid === tid)?.comm ?? "thread").replace(/[\d:/-]+$/, "");
  const kindOfWait = (tid: number): string => graph?.edges.find(({ from }) => from === tid)?.kind ?? "waits";
  const [cycle] = graph?.cycles ?? [];
  if (cycle) {
    const steps = cycle.map((tid) => `${nameOf(tid)} ${kindOfWait(tid)}`);
    const turns = steps.map((_, at) => [...steps.slice(at), ...steps.slice(0, at)].join(" > "));
    return turns.sort()[0] ?? "";
  }
  const [waited] = graph?.threadWaits ?? [];
  if (waited) return `behind ${nameOf(waited.tid)}${framesOf(groups, waited.tid)}`;
  return graph && graph.class !== "none" ? graph.class : "";
}

function framesOf(groups: HangEvidence["groups"], tid: number): string {
  const frames = groups.find(({ tids }) => tids.includes(tid))?.frames ?? [];
  return frames.length === 0 ? "" : ` in ${frames.slice(0, TOP_FRAMES).map(functionName).join(" < ")}`;
}

function functionName(frame: string): string {
  return frame.replace(/\(.*$/, "").replace(/<.*>/g, "").trim();
}

/** What every crash of a server has, whatever its reason. */
const OF_ANY_CRASH = /BUG REPORT START|ASSERTION FAILED ===|got signal:|crashed by signal|^terminate called/i;
const WHAT_IT_THREW = /instance of '([^']+)'/;
/** "#2  0x000055d0 in kvrocks::Foo at /bin/kvrocks", without the colours. */
const FRAME = /^#(\d+)\s+(0x[0-9a-f]+)(?: in (\S+?))?(?:\(.*\))? at (\S+)/;
const COLOURS = /\x1b\[[0-9;]*m/g;
/** The handler that prints them, and the signal. */
const OF_THE_HANDLER = 2;

/** The signal, and what the server itself said of it: its reason, or else where it was. */
function crashShape({ class: kind, detail, proof }: Finding, record: RunRecord): string {
  const signal = detail?.signal ?? (typeof detail?.exitCode === "number" ? `exit ${detail.exitCode}` : "");
  const lines = (detail?.lines ?? []).map((line) => WHAT_IT_THREW.exec(line)?.[1] ?? line);
  const reasons = lines.filter((line) => !OF_ANY_CRASH.test(line)).map((line) => masked(line.replaceAll("'", "`")));
  const words = kind === "not-started" && record.tornLine === null && proof ? masked(proof).slice(0, 80) : "";
  const told = reasons.filter((line) => line !== "").slice(0, LINES);
  const where = framesIn(detail?.lastLines ?? []);
  return [signal, told.length > 0 ? told.join(" / ") : where || words].filter((part) => part !== "").join(", ");
}

/** Where it was, as it said itself: functions, or of an address what no other place of the program in memory changes. */
function framesIn(lines: readonly string[]): string {
  const frames = lines.flatMap((line) => {
    const [, number, address = "", name, module = ""] =
      FRAME.exec(line.replace(COLOURS, "").replace(/^\S+Z /, "")) ?? [];
    if (number === undefined || Number(number) < OF_THE_HANDLER) return [];
    return [name ? functionName(name) : `${module.split("/").at(-1)} …${address.slice(-3)}`];
  });
  return frames.length === 0 ? "" : `in ${frames.slice(0, TOP_FRAMES).join(" < ")}`;
}

/** How keys differ, not which. */
function differenceShape(differences: readonly { kind: string }[]): string {
  return [...new Set(differences.map(({ kind }) => kind))].sort().join(", ");
}
