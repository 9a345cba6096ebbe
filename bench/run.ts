import { execFile, fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { formatSeconds } from "../harness/base/units.ts";
import { type BenchRow, reached, section, type Topic } from "./table.ts";

/*
 * `npm run bench`: every topic in a process of its own, one after the other, into one table: on the terminal and in RESULTS.md.
 * `npm run bench -- load` and `npm run bench -- detection 30`: one topic, with its arguments; RESULTS.md stays as it is.
 */

const FOLDER = import.meta.dirname;
const NO_TOPIC = ["run.ts", "table.ts"];
const TOPIC_MS = 180_000;

interface Result {
  title: string;
  rows: BenchRow[];
}

if (process.send) await measure(process.argv[2] ?? "", process.argv.slice(3));
else await main(process.argv.slice(2));

async function measure(topic: string, args: readonly string[]): Promise<void> {
  const { title, rows }: Topic = await import(path.join(FOLDER, `${topic}.ts`));
  const result: Result = { title, rows: await rows(args) };
  await new Promise((resolve) => process.send?.(result, resolve));
  process.exit();
}

async function main([asked, ...args]: readonly string[]): Promise<void> {
  const topics = readdirSync(FOLDER).filter((file) => file.endsWith(".ts") && !NO_TOPIC.includes(file));
  const names = topics.map((file) => path.basename(file, ".ts")).sort();
  if (asked !== undefined && !existsSync(path.join(FOLDER, `${asked}.ts`))) {
    throw new Error(`there is no topic "${asked}": ${names.join(", ")}`);
  }
  const begun = performance.now();
  const sections: string[] = [];
  let missed = 0;
  for (const name of asked === undefined ? names : [asked]) {
    const from = performance.now();
    const { title, rows } = await inOwnProcess(name, args);
    missed += rows.filter((row) => reached(row) === false).length;
    const text = section(title, rows);
    sections.push(text);
    console.log(`${text}\n(${name}: ${formatSeconds(performance.now() - from)})\n`);
  }
  const took = formatSeconds(performance.now() - begun, 0);
  console.log(`${took} in all; goals missed: ${missed}`);
  if (asked === undefined) writeFileSync(path.join(FOLDER, "RESULTS.md"), await page(sections, took));
}

/** Rejects when the topic fails or takes too long: half a table would be taken for a whole one. */
async function inOwnProcess(name: string, args: readonly string[]): Promise<Result> {
  const child = fork(import.meta.filename, [name, ...args], { stdio: ["ignore", 2, 2, "ipc"] });
  const late = setTimeout(() => child.kill(), TOPIC_MS);
  let result: Result | undefined;
  child.on("message", (message: Result) => {
    result = message;
  });
  const [code, signal] = await once(child, "exit");
  clearTimeout(late);
  if (!result) throw new Error(`bench/${name}.ts ended with ${code ?? signal} and gave no rows`);
  return result;
}

async function page(sections: readonly string[], took: string): Promise<string> {
  const { stdout: commit } = await promisify(execFile)("git", ["describe", "--always", "--dirty"], { cwd: FOLDER });
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? "unknown processor"}, Node ${process.versions.node}`;
  const head = `Made by \`npm run bench\` at ${commit.trim()} on ${new Date().toISOString().slice(0, 10)}: ${machine}; ${took} in all.`;
  const how =
    "Ratios are of figures taken side by side in this run; profiles, and what was tried: [README.md](README.md).";
  return `# Results\n\n${head}\n${how}\n\n${sections.join("\n")}`;
}
