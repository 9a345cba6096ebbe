import { showBytes } from "../../../base/show-bytes.ts";
import type { EventOf } from "../../../journal/events.ts";
import type { WrongCell } from "../../../journal/finding-detail.ts";
import { elementOf, keyOf, type LoadHistory, modelOf, OUTCOME } from "../../../journal/history.ts";
import type { RunRecord } from "../../../journal/record.ts";
import { cellLife } from "../cell-life.ts";
import { valueText } from "../operation-text.ts";

/** Cells that are listed, and those of them whose life is told. */
const LISTED = 20;
const TOLD = 5;

interface Differing {
  load: LoadHistory;
  cell: number;
  /** Of its key in the comparison's list. */
  place: number;
  /** Rows of the final reads; -1: there is none. */
  onMaster: number;
  onReplica: number;
}

/**
 * What recorded loads know of the keys in which a replica differs from its master, in the comparison's order: the cells
 * that differ, the first ones with their life. [] when no recorded load wrote to those keys.
 */
export function divergentCells(record: RunRecord, comparison: EventOf<"comparison">): WrongCell[] {
  const cells = record.history.flatMap((load) => differingCells(load, comparison)).sort((a, b) => a.place - b.place);
  return cells.slice(0, LISTED).map(({ load, cell, onMaster, onReplica }, i): WrongCell => {
    const marks = { operations: [], final: [onMaster, onReplica], flushes: [] };
    return {
      key: keyOf(load.shape, cell),
      element: elementOf(load.shape, cell),
      found: finalText(load, onReplica),
      expected: finalText(load, onMaster),
      ...(i < TOLD ? { life: cellLife(record, load, cell, marks) } : {}),
    };
  });
}

function differingCells(load: LoadHistory, { master, replica, differences }: EventOf<"comparison">): Differing[] {
  const places = new Map(
    differences.flatMap(({ key }, place) => keyNumber(load, key).map((number) => [number, place])),
  );
  // Of a cell that holds many values no single read is the node's.
  if (places.size === 0 || modelOf(load.shape.type) === "elements") return [];
  const cells = new Map<number, Differing>();
  const { length, cell, node } = load.final;
  for (let row = 0; row < length; row++) {
    const at = cell[row] as number;
    const place = places.get(Math.floor(at / load.shape.elements));
    if (place === undefined) continue;
    const one = cells.get(at) ?? { load, cell: at, place, onMaster: -1, onReplica: -1 };
    cells.set(at, one);
    const name = load.nodes[node[row] as number];
    if (name === master) one.onMaster = row;
    if (name === replica) one.onReplica = row;
  }
  return [...cells.values()].filter(({ onMaster, onReplica }) => differ(load, onMaster, onReplica));
}

/** The number of a key by its name as comparisons show it; [] when it is none of the load's. */
function keyNumber({ shape }: LoadHistory, shown: string): number[] {
  const prefix = showBytes(Buffer.from(shape.prefix, "utf8"), Number.MAX_SAFE_INTEGER);
  const number = shown.startsWith(prefix) ? shown.slice(prefix.length) : "";
  const [, digits] = /^(\d+)(?::\w+)?$/.exec(number) ?? [];
  return digits === undefined ? [] : [Number(digits)];
}

function differ({ final }: LoadHistory, a: number, b: number): boolean {
  if (final.outcome[a] !== OUTCOME.ok || final.outcome[b] !== OUTCOME.ok) return false;
  return final.value[a] !== final.value[b];
}

function finalText(load: LoadHistory, row: number): string {
  return valueText(load, load.final.value[row] as number);
}
