import type { Finding } from "../../journal/events.ts";
import { elementOf, keyOf, type LoadHistory } from "../../journal/history.ts";
import type { RunRecord } from "../../journal/record.ts";
import { cellLife, type LifeMarks } from "./cell-life.ts";
import { cellText } from "./operation-text.ts";

/** Cells that a finding lists. */
const LISTED = 20;

/** One cell that breaks a promise. */
export interface Contradiction {
  load: LoadHistory;
  cell: number;
  /** Run milliseconds; `to` null: to the end. */
  from: number;
  to: number | null;
  found: string;
  expected: string;
  /** A sentence behind the cell's name. */
  proof: string;
  marks: LifeMarks;
}

type Kind = Pick<Finding, "type" | "class" | "node">;

interface Group extends Kind {
  count: number;
  first: Contradiction[];
  summary: (count: number) => string;
}

/** Gathers what cells contradict into one finding per type, class and node: the count of all, the first ones in detail. */
export class Contradictions {
  readonly #groups = new Map<string, Group>();

  /** @param make called for the first ones only */
  add(kind: Kind, summary: (count: number) => string, make: () => Contradiction): void {
    const name = `${kind.type} ${kind.class} ${kind.node}`;
    const group = this.#groups.get(name) ?? { ...kind, count: 0, first: [], summary };
    this.#groups.set(name, group);
    group.count++;
    if (group.first.length < LISTED) group.first.push(make());
  }

  /** How many cells. */
  get count(): number {
    return [...this.#groups.values()].reduce((sum, { count }) => sum + count, 0);
  }

  findings(record: RunRecord): Finding[] {
    return [...this.#groups.values()].map((group) => finding(record, group));
  }
}

function finding(record: RunRecord, { type, class: kind, node, count, first, summary }: Group): Finding {
  const { load, cell, from, to, proof, marks } = first[0] as Contradiction;
  return {
    type,
    class: kind,
    node,
    from,
    to,
    summary: summary(count),
    proof: `${cellText(load, cell)}: ${proof}`,
    evidence: [],
    detail: {
      load: load.load,
      key: keyOf(load.shape, cell),
      element: elementOf(load.shape, cell),
      count,
      cells: first.map(({ load: { shape }, cell: own, found, expected }) => ({
        key: keyOf(shape, own),
        element: elementOf(shape, own),
        found,
        expected,
      })),
      life: cellLife(record, load, cell, marks),
    },
  };
}
