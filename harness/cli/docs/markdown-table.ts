export const code = (text: string): string => `\`${text}\``;

/** Rows under headings, as Markdown; the text of a cell may hold "|" and line ends. */
export function markdownTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replace(/\s*\n\s*/g, " ").replaceAll("|", "\\|")).join(" | ")} |`.replace(
      / {2,}\|/g,
      " |",
    );
  return [line(headings), `|${headings.map(() => "---|").join("")}`, ...rows.map(line)].join("\n");
}
