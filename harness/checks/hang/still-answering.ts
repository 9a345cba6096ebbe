import type { EventOf } from "../../journal/events.ts";
import type { StillAnswering } from "../../journal/finding-detail.ts";
import type { RunRecord } from "../../journal/record.ts";

/** So long after a stop a class may still look silent: the time within which it must have answered (watchdog/command-classes.ts). ms */
const AFTERWARDS = 3000;

/** From the end of a hang's confirmation on: which classes of command a node still answered; null when nobody could tell. */
export function stillAnswering(
  record: RunRecord,
  node: string,
  from: number,
  to: number | null,
): StillAnswering | null {
  const own = record.ofNode("classes", node).filter(({ t }) => t >= from && (to === null || t <= to));
  const undisturbed = own.filter(({ t }) => !stoppedByUs(record, node, t));
  const told = undisturbed.length > 0 ? undisturbed : own;
  if (told.length === 0) return null;
  // What was known first counts: what answers later is the end of the hang.
  const first = new Map<string, "answering" | "partly" | "silent">();
  for (const event of told) {
    for (const list of ["answering", "partly", "silent"] as const) {
      for (const name of event[list]) if (!first.has(name)) first.set(name, list);
    }
  }
  const named = (list: string) => [...first].filter(([, state]) => state === list).map(([name]) => name);
  const [answering, partly, silent] = [named("answering"), named("partly"), named("silent")];
  return { answering, partly, silent, text: sentence(answering, partly, silent) + stopped(told, answering) };
}

/** A debugger stops the process for its stacks: what does not answer then, and just afterwards, says nothing of the server. */
function stoppedByUs(record: RunRecord, node: string, t: number): boolean {
  const stops = record.ofNode("evidence", node).filter(({ stoppedProcessMs }) => stoppedProcessMs > 0);
  return stops.some((event) => t >= event.t - event.ms && t <= event.t + AFTERWARDS);
}

function sentence(answering: readonly string[], partly: readonly string[], silent: readonly string[]): string {
  const parts = [
    ...(answering.length > 0 ? [`${listed(answering)} still answered`] : []),
    ...(partly.length > 0 ? [`${listed(partly)} answered on some connections only`] : []),
    ...(silent.length > 0 ? [`${listed(silent)} did not${answering.length + partly.length > 0 ? "" : " answer"}`] : []),
  ];
  return `${parts.join("; ")}.`;
}

/** Stuck questions eat a server's threads: what answered at first may stop. */
function stopped(told: readonly EventOf<"classes">[], answering: readonly string[]): string {
  const last = told.at(-1);
  const gone = answering.filter((name) => last?.silent.includes(name));
  const since = told.find((event) => gone.some((name) => event.silent.includes(name)));
  if (!since) return "";
  const after = ((since.t - since.confirmed) / 1000).toFixed(0);
  return ` ${listed(gone)} stopped as well, ${after} s after the hang was confirmed.`;
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
