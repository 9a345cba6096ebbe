import { spawn } from "node:child_process";
import { setPriority } from "node:os";

/*
 * Scripts of package.json at once: the first is seen while it runs, the others when all have ended; one that passed by its last lines only,
 * so that what failed is not far from the end of a log.
 *
 *   node side-by-side.mjs typecheck lint knip
 */

/** For all but the first. */
const NICE = 10;
const LAST_LINES = 40;

const [first, ...others] = process.argv.slice(2);
const beside = [start(first, "inherit"), ...others.map((script) => start(script, "pipe"))];
for (const { child } of beside.slice(1)) setPriority(child.pid, NICE);
const codes = await Promise.all(beside.map(({ ended }) => ended));
for (const [i, { script, chunks }] of beside.entries()) {
  if (i === 0) continue;
  const output = Buffer.concat(chunks).toString();
  const shown = codes[i] === 0 ? output.split("\n").slice(-LAST_LINES).join("\n") : output;
  process.stdout.write(`\n${script}:\n${shown}`);
}
const failed = beside.filter((_, i) => codes[i] !== 0).map(({ script }) => script);
if (failed.length > 0) console.error(`\nfailed: ${failed.join(", ")}`);
process.exitCode = failed.length > 0 ? 1 : 0;

function start(script, output) {
  const child = spawn("npm", ["run", "-s", script], { stdio: ["ignore", output, output] });
  const chunks = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => chunks.push(chunk));
  const ended = new Promise((resolve, reject) => child.once("error", reject).once("close", resolve));
  return { script, child, chunks, ended };
}
