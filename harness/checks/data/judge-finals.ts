import { type LoadHistory, OUTCOME } from "../../journal/history.ts";
import { leftOut } from "../left-out.ts";
import { type Cell, eachCell } from "./cells/cells.ts";
import type { DataCheckContext } from "./data-check.ts";
import type { Durability } from "./durability.ts";
import { FinalValue, type WrongValue } from "./final-value.ts";
import { unreadableNodes } from "./readable-nodes.ts";

/**
 * Judges what every node of a shard held in the end, cell by cell. Nodes that could not be read become doubts.
 * @param visit gets every cell, its wrong values with the node that holds each, and all rows of `final` that were judged
 */
export function judgeFinals(
  load: LoadHistory,
  { record, masters, flushes, doubts, remarks }: DataCheckContext,
  durability: Durability,
  visit: (cell: Cell, wrong: readonly { node: string; value: WrongValue }[], judged: readonly number[]) => void,
): void {
  const excluded = unreadableNodes(record, masters, flushes);
  for (const why of excluded.values()) if (why !== null) doubts.add(why);
  for (const remark of leftOut([...excluded].filter(([, why]) => why === null).map(([node]) => node))) {
    remarks.add(remark);
  }
  const cells = Array.from({ length: masters.shards }, () => 0);
  const read = load.nodes.map(() => 0);
  const skipped = load.nodes.map((node) => excluded.has(node));
  const wrong: { node: string; value: WrongValue }[] = [];
  const judged: number[] = [];
  eachCell(load, masters, (cell) => {
    cells[cell.shard]!++;
    const shardFlushes = flushes.shards[cell.shard];
    if (!shardFlushes) return;
    const final = new FinalValue(load, durability, shardFlushes, cell);
    wrong.length = 0;
    judged.length = 0;
    for (let i = cell.finalFrom; i < cell.finalTo; i++) {
      const row = cell.finalOrder[i] as number;
      const node = load.final.node[row] as number;
      if (skipped[node] || load.final.outcome[row] !== OUTCOME.ok) continue;
      read[node]!++;
      judged.push(row);
      const value = final.judge(row);
      if (value) wrong.push({ node: load.nodes[node] as string, value });
    }
    visit(cell, wrong, judged);
  });
  for (const [node, shard] of masters.members) {
    const got = read[load.nodes.indexOf(node)] ?? 0;
    const missing = (cells[shard] as number) - got;
    if (missing <= 0 || excluded.has(node)) continue;
    doubts.add(`${missing} of ${cells[shard]} cells of ${load.load} could not be read from ${node} in the end`);
  }
}
