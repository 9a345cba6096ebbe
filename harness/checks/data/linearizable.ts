import { KIND, type LoadHistory, NOTHING, OUTCOME } from "../../journal/history.ts";
import type { Check } from "../check.ts";
import { needsRecorded } from "../needs.ts";
import { termReads, tookEffectIn } from "./cells/cell-reads.ts";
import { CellRegister } from "./cells/cell-register.ts";
import { type Cell, eachCell } from "./cells/cells.ts";
import { Expiries } from "./cells/expiries.ts";
import type { Contradiction } from "./contradictions.ts";
import { type DataCheckContext, dataCheck } from "./data-check.ts";
import type { Flush, ShardFlushes } from "./flushes.ts";
import { Linearizer, type SearchBudget } from "./linearize.ts";
import { minimalConflict } from "./minimal-conflict.ts";
import { flushText, keysWhose, operationText } from "./operation-text.ts";
import type { Term } from "./term.ts";

/** Operations looked at, over all cells of all loads: at worst some ten seconds. */
const BUDGET = 50_000_000;
/** For one cell: so many for each of its operations, so that one hard cell leaves some for the others. */
const PER_OPERATION = 1000;
/** For finding the fewest operations that contradict each other, over all findings. */
const SHRINKING = 20_000_000;
/** Operations that a proof lists. */
const SHOWN = 12;
/** And that are marked in a key's life, should the budget not suffice to find the few. */
const MARKED = 60;

/** docs/checks/linearizable.md says exactly what it promises. */
export const linearizable = linearizableWithin(BUDGET);

/** @param steps budget of the search over all cells */
export function linearizableWithin(steps: number): Check {
  return dataCheck(
    {
      name: "linearizable",
      summary:
        "Reads and writes of one key on one master can be put into an order that explains what every read found.",
      needs: (experiment) => needsRecorded(experiment, "read"),
      nothing: "no recorded load read anything from a master",
    },
    (judging) => {
      const budgets = { search: { steps }, shrinking: { steps: SHRINKING } };
      return (load) => judgeLoad(load, judging, budgets);
    },
  );
}

/** Returns how many registers it judged: one for each cell and term of a master in which it was read. */
function judgeLoad(
  load: LoadHistory,
  { record, masters, flushes, contradictions, doubts }: DataCheckContext,
  { search, shrinking }: { search: SearchBudget; shrinking: SearchBudget },
): number {
  const eachTerm = termReads(load, masters);
  const register = new CellRegister(load);
  const expiries = new Expiries(load, record);
  const linearizer = new Linearizer();
  let judged = 0;
  let open = 0;
  eachCell(load, masters, (cell) => {
    const shardFlushes = flushes.shards[cell.shard] as ShardFlushes;
    const told = new Set<string>();
    eachTerm(cell, (term, rows) => {
      judged++;
      if (told.has(term.node)) return;
      expiries.begin(cell, (row) => tookEffectIn(load, term, row));
      register.fill(cell, term, shardFlushes, notExpired(load, cell, term, expiries, rows));
      const answer = linearizer.judge(register.history, register.initial, search, PER_OPERATION);
      if (answer === "unknown") open++;
      if (answer !== "no") return;
      told.add(term.node);
      contradictions.add(
        { type: "not-linearizable", class: "register", node: term.node },
        (count) => keysWhose(count, `reads from ${term.node} no order of the operations explains`),
        () => contradiction(load, cell.cell, shardFlushes, register, shrinking),
      );
    });
  });
  if (open > 0) doubts.add(`${load.load}: ${open} of ${judged} registers were too much for the search's budget`);
  return judged;
}

/**
 * Without the reads that found nothing when a deadline may have come, or the server may have dropped it: what set it was not overwritten for certain before they began.
 * They tell nothing; without them the others have an order whenever all of them have one.
 */
function notExpired(
  load: LoadHistory,
  cell: Cell,
  term: Term,
  expiries: Expiries,
  reads: readonly number[],
): readonly number[] {
  const { kind, outcome, invoked, completed, value } = load.operations;
  if (!expiries.any || !reads.some((row) => value[row] === NOTHING)) return reads;
  const sure: number[] = [];
  for (let i = 0; i < cell.length; i++) {
    const row = cell.order[i] as number;
    const isWrite = kind[row] === KIND.write && outcome[row] === OUTCOME.ok;
    if (isWrite && tookEffectIn(load, term, row)) sure.push(row);
  }
  sure.sort((a, b) => (completed[a] as number) - (completed[b] as number));
  let next = 0;
  let since = -Infinity;
  return reads.filter((read) => {
    for (; next < sure.length && (completed[sure[next] as number] as number) < (invoked[read] as number); next++)
      since = Math.max(since, invoked[sure[next] as number] as number);
    return value[read] !== NOTHING || !expiries.mayEmpty(since, completed[read] as number);
  });
}

function contradiction(
  load: LoadHistory,
  cell: number,
  flushes: ShardFlushes,
  register: CellRegister,
  budget: SearchBudget,
): Contradiction {
  const { history, rows, initial } = register;
  const all = minimalConflict(history, initial, budget, PER_OPERATION);
  const core = all.slice(0, MARKED);
  const own = core.map((i) => rows[i] as number);
  const operations = own.filter((row) => row >= 0);
  const texts = own.map((row) => (row >= 0 ? operationText(load, row) : flushText(flushes.all[-row - 1] as Flush)));
  const ends = core.map((i) => history.completed[i] as number).filter(Number.isFinite);
  const last = all.findLast((i) => history.isRead[i] === 1) as number;
  const shown = texts.slice(0, SHOWN).join("; ");
  return {
    load,
    cell,
    from: history.invoked[core[0] as number] as number,
    to: Math.max(...ends),
    found: operationText(load, rows[last] as number),
    expected: "a value that some order of the operations explains",
    proof: `no order of these ${all.length} operations explains what was read: ${shown}${all.length > SHOWN ? "; …" : ""}.`,
    marks: {
      operations,
      final: [],
      flushes: own.filter((row) => row < 0).map((row) => flushes.all[-row - 1]?.id ?? ""),
    },
  };
}
