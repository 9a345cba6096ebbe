import type { RunSummary } from "./run-summary.ts";

/** The command that runs the same plan again, for a POSIX shell in the root of the kvchaos repository. */
export function replayCommand({ run }: Pick<RunSummary, "run">): string {
  return commandText(run, run.command);
}

/** The command that makes a deadlock real which this run has foreseen. */
export function confirmCommand({ run }: Pick<RunSummary, "run">, signature: string): string {
  const [program = "", _, ...words] = run.command;
  return commandText(run, [program, "foresee", ...words, "--confirm", "--only", signature]);
}

function commandText(run: RunSummary["run"], [program = "", ...words]: readonly string[]): string {
  const start = program === "kvchaos" ? ["node", "harness/cli/kvchaos.mjs"] : [program];
  return [...start, ...words].map((word) => shellWord(withoutRoot(run, word))).join(" ");
}

/** Text without the folder that kvchaos lay in: another machine has another one. */
export function withoutRoot({ experimentFile, command }: RunSummary["run"], text: string): string {
  const end = /(?:^|\/)experiments\/.*$/.exec(experimentFile)?.[0].replace(/^\//, "");
  const given = command.find((word) => word.endsWith(".yaml") && experimentFile.endsWith(`/${word}`)) ?? end;
  const root = given === undefined ? "" : experimentFile.slice(0, -given.length);
  return root.length > 1 ? text.replaceAll(root, "") : text;
}

/** A word as a POSIX shell must be told it. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
