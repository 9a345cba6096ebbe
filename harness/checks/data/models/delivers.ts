import type { Finding } from "../../../journal/events.ts";
import { KIND, type LoadHistory, NOTHING, OUTCOME } from "../../../journal/history.ts";
import { needsNoFlush, needsType } from "../../needs.ts";
import type { LifeMarks } from "../cell-life.ts";
import type { Cell } from "../cells/cells.ts";
import { type DataCheckContext, dataCheck } from "../data-check.ts";
import { type Durability, durabilityOf } from "../durability.ts";
import { eachFinal } from "../judge-finals.ts";
import { operationText, valueText } from "../operation-text.ts";

/*
 *   push v7 ├──┤                      v7 must be taken once, or be there in the end.
 *   pop          ├──┤ v7
 *   pop                 ├──── ?       A pop without an answer may have taken one element, any one.
 */

/** docs/checks/delivers.md says exactly what it promises. */
export const delivers = dataCheck(
  {
    name: "delivers",
    summary:
      "Every element that was pushed is taken once or is there in the end, and nobody takes what was not pushed.",
    types: ["queue", "stream"],
    needs: (experiment) => needsType(experiment, ["queue", "stream"], "queue or stream") ?? needsNoFlush(experiment),
    nothing: "no recorded push was acknowledged",
  },
  (judging) => (load) => judgeLoad(load, judging),
);

/** What became of the elements of one list or stream. */
interface Elements {
  /** Number → row of its push. */
  pushed: Map<number, number>;
  /** Number → rows of the reads that took it, in order of invocation. */
  taken: Map<number, number[]>;
  /** Rows of reads that found something else than an element. */
  foreign: number[];
  /** Reads of which nobody knows what they took. */
  unknown: number;
}

/** Returns how many pushes were acknowledged. */
function judgeLoad(load: LoadHistory, judging: DataCheckContext): number {
  const { record, masters, flushes, doubts, remarks } = judging;
  const durability = durabilityOf(load, masters, record);
  const { acknowledged, allowed } = durability.count();
  if (flushes.shards.some(({ all }) => all.length > 0)) {
    doubts.add(`${load.load}: the data was flushed: nobody knows what was left by then`);
    return acknowledged;
  }
  eachFinal(load, judging, (cell, finals) => {
    const elements = elementsOf(load, cell);
    judgeReads(load, judging, durability, cell, elements);
    const { node: nodes } = load.final;
    for (const node of new Set(finals.map((row) => nodes[row] as number))) {
      const rows = finals.filter((row) => nodes[row] === node);
      judgeFinal(load, judging, durability, cell, elements, rows);
    }
  });
  if (allowed > 0) {
    const which = `${allowed} of ${acknowledged} acknowledged pushes were allowed to get lost`;
    remarks.add(`${load.load}: ${which}: their master was replaced or interrupted later, or the experiment allows it`);
  }
  return acknowledged;
}

function elementsOf({ operations }: LoadHistory, { order, length }: Cell): Elements {
  const { kind, outcome, value } = operations;
  const elements: Elements = { pushed: new Map(), taken: new Map(), foreign: [], unknown: 0 };
  for (let i = 0; i < length; i++) {
    const row = order[i] as number;
    const number = value[row] as number;
    if (kind[row] === KIND.write) elements.pushed.set(number, row);
    else if (outcome[row] === OUTCOME.fail) continue;
    else if (number > 0) elements.taken.set(number, [...(elements.taken.get(number) ?? []), row]);
    else if (number < 0) elements.foreign.push(row);
    else if (outcome[row] === OUTCOME.info) elements.unknown++;
  }
  return elements;
}

/** What clients took: only what was pushed, and nothing twice. */
function judgeReads(
  load: LoadHistory,
  judging: DataCheckContext,
  { lasts }: Durability,
  cell: Cell,
  { pushed, taken, foreign }: Elements,
): void {
  const { operations, nodes } = load;
  const nodeOf = (row: number): string => nodes[operations.node[row] as number] as string;
  const isPushed = (number: number): boolean => {
    const push = pushed.get(number);
    return push !== undefined && operations.outcome[push] !== OUTCOME.fail;
  };
  const strange = [...foreign, ...[...taken].flatMap(([number, rows]) => (isPushed(number) ? [] : rows))];
  for (const row of strange) {
    const number = operations.value[row] as number;
    tell(load, judging, cell, "never-pushed", nodeOf(row), row, {
      found: valueText(load, number),
      expected: "an element that was pushed to it",
      proof: `a client took ${operationText(load, row)}, which no push that may have happened put there.`,
      marks: {
        operations: [row, ...(pushed.has(number) ? [pushed.get(number) as number] : [])],
        final: [],
        flushes: [],
      },
    });
  }
  for (const rows of taken.values()) {
    // What a master that was replaced later had given out, the next one may give out again.
    const lasting = rows.filter(lasts);
    const [first, second] = lasting;
    if (first === undefined || second === undefined) continue;
    tell(load, judging, cell, "twice", nodeOf(second), second, {
      found: `${lasting.length} deliveries of ${valueText(load, operations.value[first] as number)}`,
      expected: "one",
      proof: `${lasting.map((row) => operationText(load, row)).join(" and ")} took the same element.`,
      marks: { operations: lasting, final: [], flushes: [] },
    });
  }
}

/** What one node holds in the end. @param rows of `final`: one for each element that is left there */
function judgeFinal(
  load: LoadHistory,
  judging: DataCheckContext,
  { lasts, hadToStay }: Durability,
  cell: Cell,
  { pushed, taken, unknown }: Elements,
  rows: readonly number[],
): void {
  const { final, operations, nodes } = load;
  const [any = -1] = rows;
  const node = nodes[final.node[any] as number] as string;
  const left = new Map<number, number[]>();
  for (const row of rows) {
    const number = final.value[row] as number;
    if (number !== NOTHING) left.set(number, [...(left.get(number) ?? []), row]);
  }
  for (const [number, where] of left) {
    const push = pushed.get(number);
    const reads = (taken.get(number) ?? []).filter(lasts);
    const found = `${valueText(load, number)} in ${where.length === 1 ? "one place" : `${where.length} places`}`;
    const more = { found, marks: { operations: reads, final: where, flushes: [] } };
    if (push === undefined || operations.outcome[push] === OUTCOME.fail) {
      const proof = `${valueText(load, number)} was found on ${node} in the end; no push that may have happened put it there.`;
      tell(load, judging, cell, "never-pushed", node, any, {
        ...more,
        expected: "elements that were pushed to it",
        proof,
      });
    } else if (where.length > 1 || reads.length > 0) {
      const told = reads.length > 0 ? `it was taken: ${operationText(load, reads[0] as number)}` : "it was pushed once";
      const proof = `${found} was found on ${node} in the end, and ${told}.`;
      tell(load, judging, cell, "twice", node, any, { ...more, expected: "none, or one that was not taken", proof });
    }
  }
  const gone = [...pushed].filter(([number, row]) => hadToStay(row) && !taken.has(number) && !left.has(number));
  if (gone.length <= unknown) return;
  const names = gone.slice(0, 3).map(([, row]) => operationText(load, row));
  const most =
    unknown === 0 ? "no read is without an answer" : `${unknown} reads without an answer took one each at most`;
  tell(load, judging, cell, "lost", node, any, {
    found: `${gone.length} elements neither taken nor left`,
    expected: `at most ${unknown}`,
    proof: `${gone.length} acknowledged elements are neither taken nor on ${node} in the end, and ${most}: ${names.join(", ")}${gone.length > 3 ? ", …" : ""}.`,
    marks: { operations: gone.slice(0, 20).map(([, row]) => row), final: [], flushes: [] },
  });
}

type Class = "lost" | "twice" | "never-pushed";

const SUMMARIES: Record<Class, (count: number, node: string) => string> = {
  lost: (count, node) => `Elements of ${count} ${lists(count)} are gone from ${node} that nobody took.`,
  twice: (count, node) =>
    `${count} ${count === 1 ? "element was" : "elements were"} delivered more than once by ${node}.`,
  "never-pushed": (count, node) => `${count} ${count === 1 ? "element" : "elements"} of ${node} had never been pushed.`,
};

function lists(count: number): string {
  return count === 1 ? "list" : "lists";
}

/** @param row of operations, or of final reads, in which it shows: when that was */
function tell(
  load: LoadHistory,
  { contradictions }: DataCheckContext,
  cell: Cell,
  kind: Class,
  node: string,
  row: number,
  told: { found: string; expected: string; proof: string; marks: LifeMarks },
): void {
  const last = told.marks.final.length > 0 || kind === "lost";
  const from = (last ? load.final : load.operations).invoked[row] as number;
  const finding: Pick<Finding, "type" | "class" | "node"> = { type: "wrong-delivery", class: kind, node };
  contradictions.add(
    finding,
    (count) => SUMMARIES[kind](count, node),
    () => ({ load, cell: cell.cell, from, to: null, ...told }),
  );
}
