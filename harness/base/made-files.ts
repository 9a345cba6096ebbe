import { readFileSync, writeFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";

/* Files that are made of what the code knows, and committed: each has a program that makes it, and a test that it is as it should be. */

/** `text`: as it should be. */
export interface MadeFile {
  readonly file: string;
  readonly text: string;
  readonly upToDate: boolean;
}

/** JSON is compared parsed: its layout is the formatter's. */
export function madeJson(
  file: string,
  content: unknown,
): MadeFile & { readonly wanted: unknown; readonly found: unknown } {
  const text = `${JSON.stringify(content, null, 2)}\n`;
  const wanted: unknown = JSON.parse(text);
  const found: unknown = JSON.parse(readFileSync(file, "utf8"));
  return { file, text, wanted, found, upToDate: isDeepStrictEqual(wanted, found) };
}

/** What such a program does: it says which files are out of date and exits with 1, or makes them again with --write. */
export function checkOrWrite(files: readonly MadeFile[]): void {
  const write = process.argv.includes("--write");
  for (const { file, text, upToDate } of files) {
    if (upToDate) process.stdout.write(`${file} is up to date\n`);
    else if (write) writeFileSync(file, text);
    else {
      process.stderr.write(`${file} is out of date: run with --write\n`);
      process.exitCode = 1;
    }
  }
}
