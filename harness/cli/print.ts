import { ChaosError, messageOf } from "../base/chaos-error.ts";

/** Progress and errors go to stderr; stdout carries results only. */
export function log(line: string): void {
  process.stderr.write(`${line}\n`);
}

export function out(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** One error as a person should read it: what, and what to do. */
export function printError(error: unknown): void {
  if (error instanceof ChaosError) {
    log(`kvchaos: ${error.message}`);
    if (error.hint) log(`  → ${error.hint.split("\n").join("\n    ")}`);
    return;
  }
  log(`kvchaos: unexpected error: ${messageOf(error)}`);
  if (error instanceof Error && error.stack) log(error.stack);
  log("  → This is a bug of kvchaos. Please report it with the lines above.");
}
