import { createHash } from "node:crypto";
import { escapeHtml } from "../../base/escape.ts";
import { PAGE_STYLE } from "./page-style.ts";

export interface Page {
  /** Plain text. */
  title: string;
  /** HTML, as the others. */
  header: string;
  main: string;
  footer: string;
  /** Only adds to what is there without it; null: the page has none. */
  script: string | null;
}

/** A page that is one file, asks nobody for anything, and by its policy runs no script but the one it was made with. */
export function htmlPage({ title, header, main, footer, script }: Page): string {
  const scripts = script === null ? "" : ` script-src '${hashOf(script)}';`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src '${hashOf(PAGE_STYLE)}';${scripts} img-src data:; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>${escapeHtml(title)}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<header>
${header}
</header>
<main>
${main}
</main>
<footer class="quiet">
${footer}
</footer>
${script === null ? "" : `<script>${script}</script>\n`}</body>
</html>
`;
}

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
