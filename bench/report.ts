import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { formatSeconds } from "../harness/base/units.ts";
import type { JournalEvent } from "../harness/journal/events.ts";
import { readRecord } from "../harness/journal/reader.ts";
import { renderAll, reporters } from "../harness/report/registry.ts";
import { sampleRun } from "../harness/testing/samples/run.support.ts";

/*
 * How long does it take, and how much memory, to read a journal of a million events and render every report of it?
 * In processes of their own, and beside it a process that only splits the lines and parses their JSON: the ratio says what the
 * harness adds on any machine. `node --import tsx bench/report.ts [events] [a real journal.jsonl to repeat]`
 */

const SELF = fileURLToPath(import.meta.url);

if (process.argv[2] === "--report" || process.argv[2] === "--parse") {
  const directory = process.argv[3] as string;
  const begun = performance.now();
  if (process.argv[2] === "--report") {
    const record = await readRecord(join(directory, "journal.jsonl"));
    const read = performance.now() - begun;
    const failures = await renderAll(record, directory, reporters);
    if (failures.length > 0) throw failures[0]?.error;
    process.stderr.write(
      `  read ${formatSeconds(read)}, rendered ${formatSeconds(performance.now() - begun - read)}\n`,
    );
  } else await parseOnly(join(directory, "journal.jsonl"));
  const { user, system } = process.cpuUsage();
  const cpu = (user + system) / 1000;
  process.stdout.write(
    JSON.stringify({ ms: performance.now() - begun, cpu, rss: process.resourceUsage().maxRSS * 1024 }),
  );
} else main();

function main(): void {
  const events = Number(process.argv[2] ?? 1_000_000);
  // A folder of reports of its own: a report counts the other runs beside it.
  const reports = mkdtempSync(join(tmpdir(), "kvchaos-bench-"));
  const directory = join(reports, "run");
  mkdirSync(directory);
  try {
    writeJournal(join(directory, "journal.jsonl"), events, process.argv[3]);
    const size = statSync(join(directory, "journal.jsonl")).size;
    console.log(`${events} events, ${(size / 1e6).toFixed(0)} MB`);
    const parse = child("--parse", directory);
    const report = child("--report", directory);
    console.log(
      `  only parsing: ${formatSeconds(parse.ms)} (${formatSeconds(parse.cpu)} of CPU), ${(parse.rss / 1e6).toFixed(0)} MB`,
    );
    console.log(
      `  all reports:  ${formatSeconds(report.ms)} (${formatSeconds(report.cpu)} of CPU), ${(report.rss / 1e6).toFixed(0)} MB`,
    );
    console.log(`  report.html:  ${(statSync(join(directory, "report.html")).size / 1e6).toFixed(2)} MB`);
    console.log(`  CPU ${(report.cpu / parse.cpu).toFixed(2)} ×, memory ${(report.rss / parse.rss).toFixed(2)} ×`);
  } finally {
    rmSync(reports, { recursive: true, force: true });
  }
}

function child(mode: string, directory: string): { ms: number; cpu: number; rss: number } {
  const result = spawnSync(process.execPath, ["--import", "tsx", SELF, mode, directory], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (result.status !== 0) throw new Error(`${mode} ended with ${result.status ?? result.signal}`);
  return JSON.parse(result.stdout);
}

/** The middle of a run again and again, its times moved on: the mixture of a real journal. */
function writeJournal(file: string, wanted: number, model: string | undefined): void {
  const all: JournalEvent[] = model
    ? readFileSync(model, "utf8")
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line))
    : [...sampleRun().events];
  const once = new Set([
    "run",
    "cluster",
    "phase",
    "check",
    "verdict",
    "recovery",
    "comparison",
    "topology",
    "evidence",
  ]);
  const middle = all.filter((event) => !once.has(event.type) && event.type !== "condition" && event.type !== "fault");
  const length = Math.max(...middle.map((event) => event.t)) - Math.min(...middle.map((event) => event.t)) + 1;
  const last = all.filter((event) => ["check", "verdict", "comparison", "recovery"].includes(event.type));
  const first = all.filter((event) => !last.includes(event) && !middle.includes(event));
  const fd = openSync(file, "w");
  const write = (events: JournalEvent[], shift: number) =>
    writeSync(fd, events.map((event) => `${JSON.stringify({ ...event, t: event.t + shift })}\n`).join(""));
  write(first, 0);
  const rounds = Math.max(1, Math.floor((wanted - first.length - last.length) / middle.length));
  for (let round = 0; round < rounds; round++) write(middle, round * length);
  write(last, rounds * length);
  closeSync(fd);
}

async function parseOnly(file: string): Promise<void> {
  const { createReadStream } = await import("node:fs");
  const { createInterface } = await import("node:readline");
  let sum = 0;
  for await (const line of createInterface({ input: createReadStream(file) })) sum += JSON.parse(line).t;
  if (!Number.isFinite(sum)) throw new Error("no times");
}
