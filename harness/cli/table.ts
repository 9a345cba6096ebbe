const ELLIPSIS = "…";
/** No column is cut below so many letters. */
const NARROWEST = 12;

/** Columns padded to their widest cell, the last one free. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = widthsOf(rows);
  return rows.map((row) =>
    row.map((cell, column) => (column < row.length - 1 ? cell.padEnd(widths[column] ?? 0) : cell)).join("  "),
  );
}

/**
 * The table within `width` letters: what does not fit is cut with "…", the last column first (to a third of the width), then
 * whichever is widest. A table that is too wide even so stays as narrow as it can be.
 */
export function fittedTable(rows: readonly (readonly string[])[], width: number): string[] {
  const widths = widthsOf(rows);
  const last = widths.length - 1;
  const over = (): number => widths.reduce((sum, one) => sum + one + 2, -2) - width;
  if (last >= 0) widths[last] = cutTo(widths[last] as number, over(), Math.max(NARROWEST, Math.floor(width / 3)));
  for (let widest = last; over() > 0 && widest >= 0; ) {
    widest = widths.indexOf(Math.max(...widths.filter((one) => one > NARROWEST)));
    if (widest >= 0) widths[widest] = (widths[widest] as number) - 1;
  }
  return table(rows.map((row) => row.map((cell, column) => cut(cell, widths[column] ?? 0))));
}

function cutTo(width: number, over: number, least: number): number {
  return over <= 0 ? width : Math.max(Math.min(width, least), width - over);
}

function cut(cell: string, width: number): string {
  return cell.length <= width ? cell : cell.slice(0, Math.max(0, width - 1)) + ELLIPSIS;
}

function widthsOf(rows: readonly (readonly string[])[]): number[] {
  return (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
}
