import { appendFile, stat } from "node:fs/promises";

/** GitHub drops a step summary above 1 MiB as a whole; other steps' text counts, too. */
const MOST_BYTES = 900_000;

/** Appends Markdown to a step summary, or `instead` where it no longer fits. */
export async function appendSummary(file: string, text: string, instead: string): Promise<void> {
  const before = await stat(file).then(
    ({ size }) => size,
    () => 0,
  );
  if (before + Buffer.byteLength(text) <= MOST_BYTES) await appendFile(file, text);
  else if (before < MOST_BYTES) await appendFile(file, instead);
}
