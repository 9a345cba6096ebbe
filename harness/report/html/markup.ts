import { escapeHtml, escapeXml } from "../../base/escape.ts";

/*
 *   html`<td>${anything}</td>`   what is put in is escaped, unless the same tag has made it
 *
 * Everything a server says is data. Markup is never a string: who hands on a string hands on text, and sees it as text.
 */

/** A piece of one language's markup. Only the tags below make one; only who writes the file asks for its `text`. */
class Markup<Language extends string> {
  readonly language: Language;
  readonly text: string;

  constructor(language: Language, text: string) {
    this.language = language;
    this.text = text;
  }
}

/** What may be put in: text, numbers, markup, lists of these one behind the other; null, undefined and false are nothing. */
type Content<Language extends string> =
  | Markup<Language>
  | string
  | number
  | null
  | undefined
  | false
  | readonly Content<Language>[];

function tagOf<Language extends string>(language: Language, escaped: (text: string) => string) {
  const textOf = (content: Content<Language>): string => {
    if (typeof content === "string") return escaped(content);
    if (typeof content === "number") return String(content);
    if (content instanceof Markup) return content.text;
    return content ? content.map(textOf).join("") : "";
  };
  const trusted = (text: string): Markup<Language> => new Markup(language, text);
  const tag = (parts: TemplateStringsArray, ...contents: readonly Content<Language>[]): Markup<Language> =>
    trusted(contents.reduce<string>((text, content, i) => text + textOf(content) + parts[i + 1], parts[0] ?? ""));
  return Object.assign(tag, {
    /** One below the other. What is nothing leaves an empty line. */
    lines: (contents: readonly Content<Language>[]) => trusted(contents.map(textOf).join("\n")),
    /** A constant of ours that is markup as it stands: a style sheet, a script. Never what anybody else has said. */
    trusted,
  });
}

export type Html = Markup<"html">;
export type HtmlContent = Content<"html">;
export type Xml = Markup<"xml">;

/** HTML, and SVG inside it. */
export const html = tagOf("html", escapeHtml);
export const xml = tagOf("xml", escapeXml);
