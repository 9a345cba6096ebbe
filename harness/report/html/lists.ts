import { type Html, type HtmlContent, html } from "./markup.ts";

/** Terms with what is to be said of each; a term of which there is nothing to say is left out. */
export function definitions(rows: readonly (readonly [term: string, said: HtmlContent])[], style?: string): Html {
  const told = rows.filter(([, said]) => said !== null && said !== "");
  const items = told.map(([term, said]) => html`<dt>${term}</dt><dd>${said}</dd>`);
  return html`<dl${style && html` class="${style}"`}>${items}</dl>`;
}

/** @param style the list's class */
export function bullets(items: readonly HtmlContent[], style?: string): Html {
  return html`<ul${style && html` class="${style}"`}>${items.map((item) => html`<li>${item}</li>`)}</ul>`;
}

/** What is shown once its summary is clicked. */
export function folded(summary: HtmlContent, content: HtmlContent, open = false): Html {
  return html`<details${open && html` open`}><summary>${summary}</summary>${content}</details>`;
}

/** Text as it stands, which scrolls with the keyboard, too. */
export function verbatim(content: HtmlContent): Html {
  return html`<pre tabindex="0">${content}</pre>`;
}

/** " (truncated: 40 of 120 groups)" where not all are shown. */
export function truncatedNote(shown: number, of: number, what = ""): string {
  return of > shown ? ` (truncated: ${shown} of ${of}${what && ` ${what}`})` : "";
}
