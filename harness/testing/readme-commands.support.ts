import { readdirSync, readFileSync } from "node:fs";

/** Test support: what the README and the pages of docs/ show. */

const ROOT = new URL("../../", import.meta.url);

const inDocs = readdirSync(new URL("docs/", ROOT), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".md"))
  .map((name) => `docs/${name}`);

/** Every page by its path in the clone. */
export const PAGES: ReadonlyMap<string, string> = new Map(
  ["README.md", "CHANGELOG.md", ...inDocs.sort()].map((page) => [page, readFileSync(new URL(page, ROOT), "utf8")]),
);

export function pageText(page: string): string {
  const text = PAGES.get(page);
  if (text === undefined) throw new Error(`there is no page ${page}`);
  return text;
}

export const README = pageText("README.md");

/** The code blocks of one language. */
export function blocks(language: string, page = README): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, "gm"))].map(
    ([, text]) => text as string,
  );
}

/** The words of every shell command of all pages, comments left out. None of them needs quotes. */
export function commands(): string[][] {
  const lines = [...PAGES.values()].flatMap((page) => blocks("sh", page)).flatMap((block) => block.split("\n"));
  const said = new Set(lines.map((line) => line.replace(/#.*| > \S+$/g, "").trim()));
  return [...said].map((line) => line.split(/\s+/)).filter(([first]) => first);
}

/** Arguments of every `npx kvchaos …`. */
export function kvchaosCommands(): string[][] {
  return commands()
    .filter(([npx, name]) => npx === "npx" && name === "kvchaos")
    .map((words) => words.slice(2));
}
