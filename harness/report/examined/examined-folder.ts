import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { type Examination, parseExamination } from "../../journal/examination.ts";
import { examinedHtml } from "./examined-html.ts";
import { examinedIssue } from "./examined-issue.ts";

const FILE = "examination.json";

/** The examination in a folder that `examine` has written, on whatever machine; null: there is none. @throws ChaosError usage: it cannot be read */
export async function examinationIn(folder: string): Promise<Examination | null> {
  const file = path.join(folder, FILE);
  const text = await readFile(file, "utf8").catch(() => null);
  return text === null ? null : parseExamination(text, file);
}

/** Everything that is to be known of it, and what is made of that alone: the page and the ticket. */
export async function writeExamination(examination: Examination, folder: string): Promise<void> {
  await writeFile(path.join(folder, FILE), `${JSON.stringify(examination, null, 1)}\n`);
  await renderExamination(examination, folder);
}

export async function renderExamination(examination: Examination, folder: string): Promise<void> {
  await writeFile(path.join(folder, "report.html"), examinedHtml(examination));
  await writeFile(path.join(folder, "issue.md"), examinedIssue(examination));
}
