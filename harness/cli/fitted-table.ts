import { columnWidths, textTable } from "../base/text-table.ts";

const ELLIPSIS = "…";
/** No column is cut below so many letters; the first one, which names the row, not below more. */
const NARROWEST = 9;
const NARROWEST_NAME = 36;

/**
 * The table within `width` letters: what does not fit is cut with "…", the last column first (to a third of the width), then
 * whichever is widest. The first column names the row: it stays longest, and a path in it keeps its end. A table that is
 * too wide even so stays as narrow as it can be.
 */
export function fittedTable(rows: readonly (readonly string[])[], width: number): string[] {
  const widths = columnWidths(rows);
  const last = widths.length - 1;
  const over = (): number => widths.reduce((sum, one) => sum + one + 2, -2) - width;
  const least = (column: number): number => (column === 0 ? NARROWEST_NAME : NARROWEST);
  const room = Math.max(NARROWEST, Math.floor(width / 3));
  while (over() > 0) {
    const can = [...widths.keys()].filter((column) => (widths[column] as number) > least(column));
    const long = can.includes(last) && (widths[last] as number) > room;
    const widest = long ? last : can.sort((a, b) => (widths[b] as number) - (widths[a] as number))[0];
    if (widest === undefined) break;
    widths[widest] = (widths[widest] as number) - 1;
  }
  return textTable(rows.map((row) => row.map((cell, column) => cut(cell, widths[column] ?? 0, column === 0))));
}

function cut(cell: string, width: number, isName: boolean): string {
  if (cell.length <= width) return cell;
  const left = Math.max(0, width - 1);
  return isName && cell.includes("/") ? ELLIPSIS + cell.slice(-left) : cell.slice(0, left) + ELLIPSIS;
}
