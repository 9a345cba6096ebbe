import { formatSeconds } from "../../base/units.ts";
import { type Finding, HANGS, type NodeCondition } from "../../journal/events.ts";
import type { Expectation } from "../../journal/expectation.ts";
import type { RunRecord } from "../../journal/record.ts";
import { DEFAULT_POLL } from "../../watchdog/watchdog.ts";
import { type Check, type Judged, resultOf, unknownBecause } from "../check.ts";
import { cameAbout, lastSeen, nodeAt, type Sights, sightsOf } from "./expectation-seen.ts";
import { type Window, windowsOf } from "./expectation-window.ts";

const MOST_LINES = 10;
/** How late the harness may see what has come about: a line of a log, and the second of a load. ms */
const LINE_LATE_MS = 200;
const LATE_MS = 1_000;

export const expectations: Check = {
  name: "expectations",
  summary: "What the experiment expects on the way (`expectations`) comes about in time.",
  needs: ({ expectations: count }) =>
    count > 0
      ? null
      : { what: "judges what the experiment expects on the way, and it expects nothing", hint: "add expectations" },
  check(record) {
    const all = record.plan?.experiment.expectations;
    if (!all) return unknownBecause("the journal's plan has no readable expectations");
    const judged: Judged = { findings: [], unknown: [] };
    for (const one of all) judge(record, one, judged);
    if (all.length === 0) judged.unknown.push("the experiment expects nothing on the way");
    return resultOf(judged);
  },
};

function judge(record: RunRecord, expectation: Expectation, judged: Judged): void {
  const { windows, why } = windowsOf(record, expectation);
  if (why !== null) judged.unknown.push(`${expectation.id}: ${why}`);
  const sights = sightsOf(record, expectation);
  const unmet: Window[] = [];
  for (const window of windows) {
    if (cameAbout(sights, window) === true) continue;
    const doubt = doubtOf(record, expectation, sights, window);
    if (doubt === null) unmet.push(window);
    else judged.unknown.push(`${expectation.id}, ${window.words}: ${doubt}`);
  }
  const [first] = unmet;
  if (first) judged.findings.push(finding(record, expectation, sights, first, [unmet.length, windows.length]));
}

/** Why nobody can know whether the server is to blame; null: it is. */
function doubtOf(record: RunRecord, expectation: Expectation, sights: Sights, window: Window): string | null {
  if (window.cut !== null) return window.cut;
  const node = nodeAt(record, expectation.node, window.from);
  const starved = record.view.tooStarved(window, node ?? undefined);
  if (starved !== null) return `${starved} of that time`;
  if (expectation.node !== null && node === null) return "no node was meant at that time";
  const held = node === null ? null : heldByUs(record, node, window);
  if (held !== null) return held;
  const late = lateBy(record, sights, window);
  if (late !== null)
    return `it was seen at most ${formatSeconds(late)} too late, and no more exactly than that is it looked for`;
  if (more(record, expectation, window)) return "so many lines match that not all of them were journaled";
  if (cameAbout(sights, window) === null && (node === null || answered(record, node, window))) {
    return "nothing was asked in that time, so nothing was seen";
  }
  return null;
}

/** It was seen so shortly after the window that it may have come about inside, ms; null: it was not. */
function lateBy(record: RunRecord, sights: Sights, { from, to }: Window): number | null {
  const poll = Math.max(LATE_MS, record.plan?.experiment.watchdog.poll ?? DEFAULT_POLL);
  const grace = sights.kind === "events" ? LINE_LATE_MS : poll;
  if (cameAbout(sights, { from, to: to + grace }) !== true) return null;
  // A full sync that was still under way after the window was not done inside.
  const next = sights.sights.find(({ t }) => t > to);
  return sights.kind === "events" && next?.holds === false ? null : grace;
}

/**
 * The node was stopped by a fault of ours. The one that the expectation is bound to is part of what is expected, unless it never let
 * go of the node in that time; of any other nobody can say what would have come about without it.
 */
function heldByUs(record: RunRecord, node: string, window: Window): string | null {
  const held = periodsIn(record, node, window, ["down", "paused"]);
  const [first] = held;
  if (!first) return null;
  const bound = window.targets.includes(node);
  const toTheEnd = held.some(({ to }) => to === null || to >= window.to);
  if (bound && !toTheEnd) return null;
  const until = held.at(-1)?.to ?? null;
  return `a fault of this run held ${node} ${first.condition} from ${formatSeconds(first.from)} to ${until === null ? "the end" : formatSeconds(until)}`;
}

/** Did the server answer in that time, as far as the watchdog knows? */
function answered(record: RunRecord, node: string, window: Window): boolean {
  return periodsIn(record, node, window, [...HANGS, "dead"]).length === 0;
}

function periodsIn(record: RunRecord, node: string, window: Window, wanted: readonly NodeCondition[]) {
  const all = record.view.conditions.get(node) ?? [];
  return all.filter(
    ({ condition, from, to }) => wanted.includes(condition) && from < window.to && (to ?? Infinity) > window.from,
  );
}

function more(record: RunRecord, { id, what }: Expectation, { to }: Window): boolean {
  return what.kind === "log" && record.of("expectation-match").some((one) => one.id === id && one.last && one.t < to);
}

function finding(
  record: RunRecord,
  expectation: Expectation,
  sights: Sights,
  window: Window,
  [unmet, all]: readonly [number, number],
): Finding {
  const node = nodeAt(record, expectation.node, window.from);
  const seen = lastSeen(sights, window) ?? NOTHING[expectation.what.kind];
  const often = all > 1 ? ` So it was in ${unmet} of ${all} cases; this is the first.` : "";
  return {
    type: "unmet-expectation",
    class: classOf(expectation.what),
    node,
    from: window.from,
    to: window.to,
    summary: `${wordsOf(expectation, node)} ${window.words} (${formatSeconds(window.from)} to ${formatSeconds(window.to)}): ${seen}.${often}`,
    proof: null,
    evidence: [],
    detail: {
      expectation: expectation.id,
      observed: `Last seen: ${seen}.`,
      lines: linesOf(record, node, window),
      unmet,
      of: all,
    },
  };
}

const NOTHING: Record<Expectation["what"]["kind"], string> = {
  "full-sync-done": "no full sync of it began",
  state: "it did not tell its state",
  log: "no line of its log matched",
  condition: "the watchdog had no word on it",
  served: "nothing was heard of the load",
};

function classOf(what: Expectation["what"]): string {
  return what.kind === "state" ? what.state : what.kind === "condition" ? what.condition : what.kind;
}

function wordsOf({ what }: Expectation, node: string | null): string {
  switch (what.kind) {
    case "full-sync-done":
      return `${node} was expected to end a full sync, and did not,`;
    case "state":
      return `${node} was expected to be ${STATE_WORDS[what.state]}, and was not,`;
    case "log":
      return `${node} was expected to log a line that matches /${what.pattern}/, and did not,`;
    case "condition":
      return `${node} was expected to be ${what.condition}, and was not,`;
    case "served":
      return `The load ${what.load} was expected to be served, and was not,`;
  }
}

const STATE_WORDS: Record<Extract<Expectation["what"], { kind: "state" }>["state"], string> = {
  master: "master",
  replica: "replica",
  "link-up": "linked to its master",
  "link-down": "without a link to its master",
  "full-sync": "in full sync",
  loading: "loading",
};

/** The last lines of its log in that time that a log rule knows. */
function linesOf(record: RunRecord, node: string | null, { from, to }: Window): string[] {
  return record
    .ofNode("log", node)
    .filter((one) => one.t >= from && one.t <= to)
    .slice(-MOST_LINES)
    .map(({ t, line }) => `${node} at ${formatSeconds(t)}: ${line}`);
}
