import { ChaosError, messageOf } from "../base/chaos-error.ts";
import { textTable } from "../base/text-table.ts";
import { fittedTable } from "./fitted-table.ts";

/** Progress and errors go to stderr; stdout carries results only. */
export function log(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** A result. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
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
  if (error instanceof Error && error.stack) log(error.stack);
  log("  → This is a bug of kvchaos. Please report it with the lines above.");
}
