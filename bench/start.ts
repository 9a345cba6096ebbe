import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { type BenchRow, inTurns, rowOf } from "./table.ts";

/*
 * How long a command takes that needs no server, beside Node with nothing to do, and beside the same command compiled anew at each start.
 */

export const title = "Start";

const ROUNDS = 7;
const ROOT = path.join(import.meta.dirname, "..");
const KVCHAOS = ["harness/cli/kvchaos.mjs"];
const FROM_SOURCE = [
  "--import",
  "tsx",
  "--input-type=module",
  "--eval",
  'const { main } = await import("./harness/cli/main.ts"); process.exitCode = await main(process.argv.slice(1));',
  "--",
];
/** What a person does not notice as waiting. */
const LIMIT_MS = 400;
const COMMANDS: [string, string[]][] = [
  ["kvchaos --help", ["--help"]],
  ["kvchaos list", ["list"]],
  ["kvchaos explain", ["explain", "experiments/any/quickstart.yaml", "--seed", "1"]],
];

export async function rows(): Promise<BenchRow[]> {
  await took([...KVCHAOS, "--version"]); // compiles, if a source has changed
  const found: BenchRow[] = [];
  for (const [what, argv] of COMMANDS) {
    const figures = await inTurns(ROUNDS, [
      () => took([...KVCHAOS, ...argv]),
      () => took(["--eval", "0"]),
      () => took([...FROM_SOURCE, ...argv]),
    ]);
    const [ours = [], bare = [], source = []] = figures;
    found.push(
      rowOf({ what, figures: [ours, ours.map(() => LIMIT_MS)], told: [ms, limit], goal: { atMost: 1 } }),
      rowOf({ what: "", figures: [ours, bare], told: [ms, (figure) => `${ms(figure)} node -e 0`], goal: null }),
      rowOf({ what: "", figures: [ours, source], told: [ms, (figure) => `${ms(figure)} through tsx`], goal: null }),
    );
  }
  return found;
}

const ms = (figure: number): string => `${Math.round(figure)} ms`;
const limit = (figure: number): string => `${ms(figure)}, a limit`;

/** ms from the start of a process to its end. */
async function took(argv: readonly string[]): Promise<number> {
  const from = performance.now();
  const child: ChildProcess = spawn(process.execPath, argv, { cwd: ROOT, stdio: ["ignore", "ignore", "inherit"] });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`${argv.join(" ")} ended with ${code}`);
  return performance.now() - from;
}
