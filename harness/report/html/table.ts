import { type Html, type HtmlContent, html } from "./markup.ts";

/** A column by its heading alone, or with the class of its cells. */
type Column = string | { name: string; cell: string; head?: string };

/** Cells in the order of the columns; `mark`: the row's class. */
type Row = readonly HtmlContent[] | { mark: string | null; cells: readonly HtmlContent[] };

/** A column whose cells are numbers, or as short: to the right. */
export function numbers(name: string): Column {
  return { name, cell: "n", head: "n" };
}

/**
 * @param style the table's class
 * @param apart each row on a line of its own: for a page that is written again and again, and compared
 */
export function table(columns: readonly Column[], rows: readonly Row[], style?: string, apart = false): Html {
  const heads = columns.map((column) => {
    const { name, head } = typeof column === "string" ? { name: column } : column;
    return html`<th${classOf(head)}>${name}</th>`;
  });
  const bodies = rows.map((row) => {
    const { mark, cells } = "cells" in row ? row : { mark: null, cells: row };
    return html`<tr${classOf(mark)}>${cells.map((cell, i) => html`<td${classOf(cellClass(columns[i]))}>${cell}</td>`)}</tr>`;
  });
  return html`<table${classOf(style)}><thead><tr>${heads}</tr></thead><tbody>${apart ? html`\n${html.lines(bodies)}\n` : bodies}</tbody></table>`;
}

function cellClass(column: Column | undefined): string | null {
  return typeof column === "object" ? column.cell : null;
}

function classOf(name: string | null | undefined): HtmlContent {
  return name ? html` class="${name}"` : null;
}

/** What may be wider than the screen: it scrolls by itself, with the keyboard, too. `name` tells it from the others of the page. */
export function scrolling(name: HtmlContent, content: HtmlContent): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${name}">${content}</div>`;
}
