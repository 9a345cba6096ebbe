import { readFileSync } from "node:fs";

/** Test support: what the README shows. */
export const README = readFileSync(new URL("../../README.md", import.meta.url), "utf8");

/** The code blocks of one language, of the README or another page. */
export function blocks(language: string, page = README): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, "gm"))].map(
    ([, text]) => text as string,
  );
}

/** The words of every shell command, comments left out. No command of the README needs quotes. */
export function commands(): string[][] {
  const lines = blocks("sh").flatMap((block) => block.split("\n"));
  return lines.map((line) => line.replace(/#.*/, "").trim().split(/\s+/)).filter(([first]) => first);
}

/** Arguments of every `npx kvchaos …`. */
export function kvchaosCommands(): string[][] {
  return commands()
    .filter(([npx, name]) => npx === "npx" && name === "kvchaos")
    .map((words) => words.slice(2));
}
