import type { RunRecord } from "../journal/record.ts";
import { masked } from "./masked.ts";

/** A template that comes in one run in very many lines tells no more than in one. */
const MOST_TEMPLATES = 400;
/** Classes of a command's duration, ms: what is slower by so much went another way through the server. */
const DURATIONS = [10, 100, 1_000, 5_000, 20_000];

/**
 * What a run showed, each as a short text that is the same in every run that shows it: lines of logs, changes of states, conditions, errors,
 * how long commands took, locks. Two runs with the same set have done the servers the same, as far as anybody outside can see.
 * @param logs by node's name
 */
export function behaviourOf(record: RunRecord, logs: ReadonlyMap<string, string>): Set<string> {
  const found = new Set<string>();
  for (const text of logs.values()) for (const line of templatesOf(text)) found.add(`log ${line}`);
  for (const { name } of record.view.nodes) {
    let before = "";
    for (const { state } of record.ofNode("node-state", name)) {
      const now = `${state.role} ${state.link}${state.syncing ? " syncing" : ""}${state.loading ? " loading" : ""}`;
      if (before !== "" && now !== before) found.add(`state ${before} -> ${now}`);
      before = now;
    }
  }
  for (const { was, now } of record.of("condition"))
    if (now !== "starved" && was !== "starved") found.add(`condition ${was} -> ${now}`);
  for (const { errors } of record.of("load"))
    for (const error of Object.keys(errors)) found.add(`error ${masked(error)}`);
  for (const { command, step, ms } of record.of("admin-command")) {
    if (step !== "sent") found.add(`command ${firstWord(command)} ${step} ${durationClass(ms ?? 0)}`);
  }
  for (const { step, node } of record.of("full-sync"))
    if (step !== "progress")
      found.add(`full-sync ${step} of ${node.startsWith("m") ? "a former master" : "a replica"}`);
  for (const { rule } of record.of("log")) found.add(`rule ${rule}`);
  for (const { prediction } of record.of("prediction")) found.add(`locks ${prediction.signature}`);
  for (const { fault, state } of meetings(record)) found.add(meeting(fault, state));
  return found;
}

/** What servers were in when a fault came: the rarest first. */
export const MET_STATES = ["loading", "full-sync", "link-down", "calm"] as const;
export type MetState = (typeof MET_STATES)[number];

/** Of a fault that came while some server was in that state. */
export function meeting(fault: string, state: MetState): string {
  return `${fault} during ${state}`;
}

function meetings(record: RunRecord): { fault: string; state: MetState }[] {
  const nodes = record.view.nodes.filter(({ role }) => role === "master" || role === "replica");
  const injected = record.of("fault").filter(({ step }) => step === "injected");
  return injected.map(({ t, fault }) => {
    const states = nodes.flatMap(
      ({ name }) => record.ofNode("node-state", name).findLast((one) => one.t <= t)?.state ?? [],
    );
    if (states.some(({ loading }) => loading)) return { fault, state: "loading" };
    if (states.some(({ syncing }) => syncing)) return { fault, state: "full-sync" };
    return { fault, state: states.some(({ link }) => link === "down") ? "link-down" : "calm" };
  });
}

/** Templates of a log, less the times and levels that each line begins with. */
function templatesOf(text: string): Set<string> {
  const found = new Set<string>();
  for (const line of text.split("\n")) {
    if (found.size >= MOST_TEMPLATES) break;
    const template = masked(line.replace(/^\S+Z? /, ""));
    if (template !== "") found.add(template);
  }
  return found;
}

function firstWord(command: string): string {
  return command.split(" ", 1)[0]?.toUpperCase() ?? "";
}

function durationClass(ms: number): string {
  const limit = DURATIONS.find((one) => ms < one);
  return limit === undefined ? "for ever" : `< ${limit} ms`;
}
