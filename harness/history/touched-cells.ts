import type { CellShape } from "../journal/history.ts";
import { readOperations } from "./read-operations.ts";

/** Numbers of the cells that operations in these files read or wrote, each once, in order. Files that cannot be read add none. */
export async function touchedCells(
  directory: string,
  files: readonly string[],
  shape: CellShape,
  nodes: readonly string[],
): Promise<Uint32Array> {
  const named = files.map((file) => ({ file, operations: null }));
  // What is wrong with a file is told by who reads the history; here it only means fewer cells.
  const { cell } = await readOperations({ directory, files: named, shape, nodes, foreign: [], problems: [] });
  cell.sort();
  let count = 0;
  for (let i = 0; i < cell.length; i++) {
    if (i === 0 || cell[i] !== cell[i - 1]) cell[count++] = cell[i] as number;
  }
  return cell.slice(0, count);
}
