import { groupBy } from "../../base/group-by.ts";
import { formatSeconds } from "../../base/units.ts";
import type { RunRecord } from "../../journal/record.ts";
import { systems } from "../../systems/registry.ts";

const MOST_PER_NODE = 4;
/** They say why nobody was elected, and not only that something was tried. */
const REASONS = [
  "election-vote-refused",
  "election-impossible",
  "election-expired",
  "election-sentinel-aborted",
  "election-sentinel-delayed",
  "controller-not-promoted",
  "controller-no-store",
];

/** They say that somebody tried. What is left tells only that the master is gone. */
const TRIES = [
  "election-started",
  "election-delayed",
  "election-vote-given",
  "election-won",
  "election-sentinel-vote",
  "election-sentinel-step",
  "controller-promoted",
  "controller-probe-failed",
];

/** What servers and sentinels logged about an election. */
export interface ElectionLines {
  /** "r1 at 14.2 s: 1:S … # Starting a failover election for epoch 8.", in order of time: the last ones of each node. */
  lines: string[];
  /** The one that tells most, for a sentence; null: nobody logged that an election was tried, or why it was not. */
  word: string | null;
}

/** @param from run ms @param own the nodes that could have been elected: what they say comes first */
export function electionLines(record: RunRecord, from: number, own: readonly string[]): ElectionLines {
  // Sentinels are Redis's also where the servers are not.
  const rules = [...systems.values()].flatMap(({ logRules, controller }) => [
    ...logRules,
    ...(controller?.logRules ?? []),
  ]);
  const about = new Set(rules.filter(({ meaning }) => meaning === "election").map(({ name }) => name));
  const end = record.view.watchEnd;
  const told = record.of("log").filter(({ rule, t }) => about.has(rule) && t >= from && t <= end);
  const byNode = groupBy(told, ({ node }) => node);
  const shown = [...byNode.values()].flatMap((own) => own.slice(-MOST_PER_NODE)).sort((a, b) => a.t - b.t);
  const latest = (rules: readonly string[], nodes: readonly string[] | null) =>
    told.findLast(({ node, rule }) => rules.includes(rule) && (nodes === null || nodes.includes(node)));
  const best = latest(REASONS, own) ?? latest(REASONS, null) ?? latest(TRIES, own) ?? latest(TRIES, null);
  return {
    lines: shown.map(({ node, t, line }) => `${node} at ${formatSeconds(t)}: ${line}`),
    word: best ? `${best.node} logged at ${formatSeconds(best.t)}: "${best.fields.said ?? best.line}"` : null,
  };
}
