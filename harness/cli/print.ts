import { ChaosError, messageOf } from "../base/chaos-error.ts";
import { plainLine } from "../base/escape.ts";
import { clip } from "../base/shorten.ts";
import { textTable } from "../base/text-table.ts";
import { fittedTable } from "./fitted-table.ts";
import { sourceStack } from "./source-stack.ts";

/** Lines that stay below all others on a terminal, and how many of them are there now. */
let feet: readonly string[] = [];
let drawn = 0;

const erased = (): string => {
  const text = drawn > 0 ? `\u001b[${drawn}A\u001b[0J` : "";
  drawn = 0;
  return text;
};
const redrawn = (): string => {
  // The last column stays free: a full line would make some terminals begin another one.
  const width = Math.max(20, (process.stderr.columns ?? 80) - 1);
  drawn = feet.length;
  return feet.map((line) => `${clip(plainLine(line), width)}\n`).join("");
};

/** Shows these lines below all others from now on; on a terminal only. */
export function foot(lines: readonly string[]): void {
  if (!process.stderr.isTTY || process.env.TERM === "dumb") return;
  feet = lines;
  process.stderr.write(erased() + redrawn());
}

/** Progress and errors go to stderr; stdout carries results only. */
export function log(line: string): void {
  process.stderr.write(`${erased()}${line}\n${redrawn()}`);
}

/** A result. */
export function print(line: string): void {
  if (feet.length > 0) process.stderr.write(erased());
  process.stdout.write(`${line}\n`);
  if (feet.length > 0) process.stderr.write(redrawn());
}

export function printTable(rows: readonly (readonly string[])[], indent = ""): void {
  for (const line of textTable(rows)) print(`${indent}${line}`);
}

/** As wide as the terminal; whole, whatever its width, when somebody else reads it. */
export function printFitted(rows: readonly (readonly string[])[]): void {
  const { isTTY, columns } = process.stdout;
  for (const line of isTTY ? fittedTable(rows, columns) : textTable(rows)) print(line);
}

/** One error as a person should read it: what, and what to do. @param heading a line before it */
export function logError(error: unknown, heading?: string): void {
  if (heading !== undefined) log(heading);
  if (error instanceof ChaosError) {
    log(`kvchaos: ${error.message}`);
    if (error.hint) log(`  → ${error.hint.split("\n").join("\n    ")}`);
    return;
  }
  log(`kvchaos: unexpected error: ${messageOf(error)}`);
  if (error instanceof Error && error.stack) log(sourceStack(error.stack));
  log("  → This is a bug of kvchaos. Please report it with the lines above.");
}
