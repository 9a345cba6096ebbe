import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { setPriority } from "node:os";
import { delimiter } from "node:path";

/*
 * Scripts of package.json at once: the first is seen while it runs, the others when all have ended, one that passed by its last lines only.
 * The last lines of each one that failed come once more at the end, where logs are cut least.
 *
 *   node side-by-side.mjs typecheck lint knip
 */

/** For all but the first. */
const NICE = 10;
const LAST_LINES = 40;
const LAST_OF_FAILED = 90;

const { scripts } = JSON.parse(readFileSync("package.json", "utf8"));
const beside = process.argv.slice(2).map(start);
for (const { child } of beside.slice(1)) setPriority(child.pid, NICE);
const [first, ...others] = beside;
first.child.stdout.pipe(process.stdout);
first.child.stderr.pipe(process.stderr);
const codes = await Promise.all(beside.map(({ ended }) => ended));
const failed = beside.filter((_, i) => codes[i] !== 0);
for (const one of others) show(one.script, one, failed.includes(one) ? Infinity : LAST_LINES);
for (const one of failed) show(`${one.script} failed`, one, LAST_OF_FAILED);
if (failed.length > 0) console.error(`\nfailed: ${failed.map(({ script }) => script).join(", ")}`);
process.exitCode = failed.length > 0 ? 1 : 0;

function start(script) {
  const PATH = ["node_modules/.bin", process.env.PATH].join(delimiter);
  const env = { ...process.env, PATH, ...(process.stdout.isTTY && { FORCE_COLOR: "1" }) };
  // As npm does it, without another npm, which takes half a second of a core to start.
  const child = spawn("sh", ["-c", scripts[script]], { stdio: ["ignore", "pipe", "pipe"], env });
  const chunks = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => chunks.push(chunk));
  const ended = new Promise((resolve, reject) => child.once("error", reject).once("close", resolve));
  return { script, child, chunks, ended };
}

function show(title, { chunks }, lines) {
  const output = Buffer.concat(chunks).toString().trimEnd().split("\n");
  process.stdout.write(`\n${title}:\n${output.slice(-lines).join("\n")}\n`);
}
