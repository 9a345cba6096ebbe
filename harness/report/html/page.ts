import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { type Html, type HtmlContent, html } from "./markup.ts";
import { PAGE_STYLE } from "./page-style.ts";

/** The report's only script, as it is inlined: zoom, filters and values under the pointer. */
export const PAGE_SCRIPT = readFileSync(new URL("page-script.js", import.meta.url), "utf8");

/** `script` only adds to what is there without it; null: the page has none. */
type Page = Record<"title" | "header" | "main" | "footer", HtmlContent> & { script: string | null };

/** A page that is one file, asks nobody for anything, and by its policy runs no script but the one it was made with. */
export function htmlPage({ title, header, main, footer, script }: Page): Html {
  const scripts = script !== null && html` script-src '${hashOf(script)}';`;
  return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src '${hashOf(PAGE_STYLE)}';${scripts} img-src data:; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${html.trusted(PAGE_STYLE)}</style>
</head>
<body>
<header>
${header}
</header>
<main>
${main}
</main>
${footer && html`<footer class="quiet">\n${footer}\n</footer>\n`}${script !== null && html`<script>${html.trusted(script)}</script>\n`}</body>
</html>
`;
}

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
