/*
 * Everything a server says is data. One function per place it may end up in:
 *
 *   HTML, SVG  html`…`      XML  xml`…` (report/html/markup.ts)      Markdown  fenced, inlineMarkdown      terminal  plainLine
 *   evidence   printable, printableText
 */

// C0 and C1 controls but tab and newline; bidi marks that reorder what a reader sees; characters XML does not allow.
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]/g;
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Anything but printable ASCII that no markup is made of: most texts have none of it, and the drawings have tens of thousands. */
const SUSPICIOUS = /[^ !#-%(-;=?-~]/;

/** For text and quoted attributes of HTML and SVG. Control characters become visible "\x1b". */
export function escapeHtml(text: string): string {
  return SUSPICIOUS.test(text) ? visible(text).replace(/[&<>"']/g, (one) => ENTITIES[one] as string) : text;
}

/** For text and attributes of XML 1.0: what it cannot hold is stripped. */
export function escapeXml(text: string): string {
  return text
    .replace(CONTROL, "")
    .replace(LONE_SURROGATE, "\ufffd")
    .replace(/[&<>"']/g, (one) => ENTITIES[one] as string)
    .replace(/[\t\n]/g, (one) => `&#${one.charCodeAt(0)};`);
}

/** One line for a terminal: no control or escape sequence survives, line ends become spaces. */
export function plainLine(text: string): string {
  return text
    .replace(/[\r\n\t\u0085\u2028\u2029]+/g, " ")
    .replace(CONTROL, "")
    .replace(LONE_SURROGATE, "\ufffd");
}

/** A fenced block that its content cannot close, whatever backticks it has. */
export function fenced(text: string, language = ""): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${visible(text).trimEnd()}\n${fence}`;
}

/** One line of Markdown prose: no markup, link, mention, issue reference or HTML comes alive. */
export function inlineMarkdown(text: string): string {
  return plainLine(text)
    .replace(/[\\`*_{}[\]()<>#|~&$]/g, (one) => (one === "<" ? "&lt;" : one === "&" ? "&amp;" : `\\${one}`))
    .replace(/@/g, "@\u2060") // a word joiner: GitHub no longer sees a mention
    .replace(/:\/\//g, ":\u2060//");
}

/** Control characters of text that a server chose (thread names, arguments, paths), made visible: "\n" → "\\x0a". */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, codeOf);
}

/** The same for a text of many lines: line feeds and tabs stay, so that the terminal it is read on obeys nothing else. */
export function printableText(text: string): string {
  return text.replace(/\r\n/g, "\n").replace(/[^\n\t]+/g, printable);
}

function visible(text: string): string {
  return text.replace(/\r\n/g, "\n").replace(CONTROL, codeOf).replace(LONE_SURROGATE, "\ufffd");
}

function codeOf(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
}
