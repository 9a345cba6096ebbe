import { amountOf, KIND, type LoadHistory, OUTCOME } from "../../../journal/history.ts";
import { needsNoFlush, needsType } from "../../needs.ts";
import type { Cell } from "../cells/cells.ts";
import { type DataCheckContext, dataCheck } from "../data-check.ts";
import { type Durability, durabilityOf } from "../durability.ts";
import { eachFinal } from "../judge-finals.ts";
import { valueText } from "../operation-text.ts";

/** What a counter may hold in the end: what had to stay, and any part of what may or may not have happened. */
interface Allowed {
  least: number;
  most: number;
  /** Operations that had to stay, those of which nobody knows, and acknowledged ones that might get lost. */
  stayed: number;
  unknown: number;
  excused: number;
}

/** docs/checks/counts.md says exactly what it promises. */
export const counts = dataCheck(
  {
    name: "counts",
    summary:
      "In the end every counter is, on every node, the sum of what was acknowledged, give or take what nobody knows.",
    types: ["counter"],
    needs: (experiment) => needsType(experiment, ["counter"], "counter") ?? needsNoFlush(experiment),
    nothing: "no recorded addition was acknowledged",
  },
  (judging) => (load) => judgeLoad(load, judging),
);

/** Returns how many additions were acknowledged. */
function judgeLoad(load: LoadHistory, judging: DataCheckContext): number {
  const { record, masters, flushes, contradictions, doubts, remarks } = judging;
  const durability = durabilityOf(load, masters, record);
  const { acknowledged, allowed } = durability.count();
  if (flushes.shards.some(({ all }) => all.length > 0)) {
    doubts.add(`${load.load}: the data was flushed: nobody knows what had been counted by then`);
    return acknowledged;
  }
  eachFinal(load, judging, (cell, finals) => {
    const may = allowedIn(load, durability, cell);
    for (const row of finals) {
      const { node: nodes, value, invoked } = load.final;
      const found = amountOf(value[row] as number);
      if (found !== null && found >= may.least && found <= may.most) continue;
      const node = load.nodes[nodes[row] as number] as string;
      const kind = found === null ? "no-number" : found < may.least ? "too-low" : "too-high";
      const words = { "no-number": "no numbers", "too-low": "too low", "too-high": "too high" }[kind];
      contradictions.add(
        { type: "wrong-count", class: kind, node },
        (count) => `${count} ${count === 1 ? "counter is" : "counters are"} ${words} on ${node} in the end.`,
        () => ({
          load,
          cell: cell.cell,
          from: invoked[row] as number,
          to: null,
          found: valueText(load, value[row] as number),
          expected: expectedText(may),
          proof: `${found ?? "no number"} was found on ${node} in the end; ${proofText(may)}.`,
          marks: { operations: [], final: [row], flushes: [] },
        }),
      );
    }
  });
  if (allowed > 0) {
    const which = `${allowed} of ${acknowledged} acknowledged additions were allowed to get lost`;
    remarks.add(`${load.load}: ${which}: their master was replaced or interrupted later, or the experiment allows it`);
  }
  return acknowledged;
}

function allowedIn({ operations }: LoadHistory, { hadToStay }: Durability, { order, length }: Cell): Allowed {
  const may: Allowed = { least: 0, most: 0, stayed: 0, unknown: 0, excused: 0 };
  const { kind, outcome, value } = operations;
  for (let i = 0; i < length; i++) {
    const row = order[i] as number;
    if (kind[row] !== KIND.write || outcome[row] === OUTCOME.fail) continue;
    const amount = amountOf(value[row] as number) ?? 0;
    const stays = hadToStay(row);
    if (stays) may.stayed++;
    else if (outcome[row] === OUTCOME.ok) may.excused++;
    else may.unknown++;
    if (stays || amount < 0) may.least += amount;
    if (stays || amount > 0) may.most += amount;
  }
  return may;
}

function expectedText({ least, most }: Allowed): string {
  return least === most ? `${least}` : `${least} to ${most}`;
}

function proofText(may: Allowed): string {
  const parts = [
    `${may.stayed} acknowledged additions`,
    ...(may.excused > 0 ? [`${may.excused} that were allowed to get lost`] : []),
    ...(may.unknown > 0 ? [`${may.unknown} without an answer`] : []),
  ];
  return `${parts.join(", ")} make ${expectedText(may)}`;
}
