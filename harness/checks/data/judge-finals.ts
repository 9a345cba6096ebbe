import type { EventOf } from "../../journal/events.ts";
import { type LoadHistory, OUTCOME } from "../../journal/history.ts";
import type { RunRecord } from "../../journal/record.ts";
import { leftOut } from "../left-out.ts";
import { type Cell, eachCell } from "./cells/cells.ts";
import { Expiries } from "./cells/expiries.ts";
import type { DataCheckContext } from "./data-check.ts";
import type { Durability } from "./durability.ts";
import { FinalValue, type WrongValue } from "./final-value.ts";
import type { Flushes, ShardFlushes } from "./flushes.ts";
import type { Masters } from "./masters.ts";

/** A replica that is well has what its master had so long ago. */
const MOMENT_MS = 2_000;

/**
 * Visits what every node of a shard held in the end, cell by cell. Nodes that could not be read, or that cannot be judged, become
 * doubts.
 * @param visit gets every cell with the rows of `final` that can be judged; both are the same objects for every visit
 */
export function eachFinal(
  load: LoadHistory,
  { record, masters, flushes, doubts, remarks }: DataCheckContext,
  visit: (cell: Cell, finals: readonly number[]) => void,
): void {
  const excluded = unreadableNodes(record, masters, flushes);
  for (const why of excluded.values()) if (why !== null) doubts.add(why);
  for (const remark of leftOut([...excluded].filter(([, why]) => why === null).map(([node]) => node))) {
    remarks.add(remark);
  }
  const cells = Array.from({ length: masters.shards }, () => 0);
  const read = load.nodes.map(() => 0);
  const skipped = load.nodes.map((node) => excluded.has(node));
  const finals: number[] = [];
  eachCell(load, masters, (cell) => {
    cells[cell.shard]!++;
    if (!flushes.shards[cell.shard]) return;
    finals.length = 0;
    let last = -1;
    for (let i = 0; i < cell.finalLength; i++) {
      const row = cell.finalOrder[i] as number;
      const node = load.final.node[row] as number;
      if (skipped[node] || load.final.outcome[row] !== OUTCOME.ok) continue;
      // Of a cell that holds many values a node has a row for each, one after the other.
      if (node !== last) read[node]!++;
      last = node;
      finals.push(row);
    }
    visit(cell, finals);
  });
  for (const [node, shard] of masters.members) {
    const got = read[load.nodes.indexOf(node)] ?? 0;
    const missing = (cells[shard] as number) - got;
    if (missing <= 0 || excluded.has(node)) continue;
    doubts.add(`${missing} of ${cells[shard]} cells of ${load.load} could not be read from ${node} in the end`);
  }
}

/**
 * Judges the values that every node of a shard held in the end, cell by cell.
 * @param visit gets every cell, its wrong values with the node that holds each, and all rows of `final` that were judged
 */
export function judgeFinals(
  load: LoadHistory,
  judging: DataCheckContext,
  durability: Durability,
  visit: (cell: Cell, wrong: readonly { node: string; value: WrongValue }[], judged: readonly number[]) => void,
): void {
  const wrong: { node: string; value: WrongValue }[] = [];
  const expiries = new Expiries(load, judging.record);
  eachFinal(load, judging, (cell, finals) => {
    expiries.begin(cell, durability.hadToStay);
    const flushes = judging.flushes.shards[cell.shard] as ShardFlushes;
    const final = new FinalValue(load, durability, flushes, expiries, cell);
    wrong.length = 0;
    for (const row of finals) {
      const value = final.judge(row);
      if (value) wrong.push({ node: load.nodes[load.final.node[row] as number] as string, value });
    }
    visit(cell, wrong, finals);
  });
}

/** Nodes whose final reads say nothing. Node → why; null: the experiment itself left it down. */
function unreadableNodes(record: RunRecord, masters: Masters, flushes: Flushes): Map<string, string | null> {
  const nodes = new Map<string, string | null>();
  for (const node of masters.members.keys()) {
    const why = whyNot(record, node, masters, flushes);
    if (why !== undefined) nodes.set(node, why);
  }
  return nodes;
}

function whyNot(record: RunRecord, node: string, masters: Masters, { alone }: Flushes): string | null | undefined {
  if (record.view.leftDown(node)) return null;
  const flush = alone.get(node);
  if (flush !== undefined) return `${flush} was sent to ${node}, which was not the master: what it holds is not judged`;
  const last = record.view.stateAt(node, Infinity);
  if (!last || masters.isMasterAt(node, Infinity)) return undefined;
  const behind = whatIsMissing(record, last);
  return behind && `${node} has not caught up with its master (${behind}): what it holds is not judged`;
}

/** What the last word of a replica says that it has not got yet. */
function whatIsMissing(record: RunRecord, { t, node, state }: EventOf<"node-state">): string | undefined {
  if (state.loading) return "it is loading its dataset";
  if (state.syncing) return "it is in a full sync";
  const master = record.view.replicaOf[node];
  // It cannot catch up with a master that was taken away for good, nor has it to: what only that one had may be lost.
  if (master !== undefined && record.view.leftDown(master)) return undefined;
  if (state.role === "replica" && state.link === "down") return "its link is down";
  const before = master === undefined ? undefined : record.view.stateAt(master, t - MOMENT_MS);
  const produced = before?.state.offset ?? null;
  if (produced === null || state.offset === null || state.offset >= produced) return undefined;
  return `its offset is ${state.offset}, and ${master} had ${produced} before`;
}
