import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { JournalEvent } from "../harness/journal/events.ts";
import { readRecord } from "../harness/journal/reader.ts";
import { renderAll, reporters } from "../harness/report/registry.ts";
import { sampleRun } from "../harness/testing/samples/run.support.ts";
import { type BenchRow, inTurns, rowOf } from "./table.ts";

/*
 * How long does it take, and how much memory, to read a journal of many events and render every report of it? In processes of their own, and
 * beside it one that only splits the lines and parses their JSON: what the harness adds on any machine.
 * `npm run bench -- report [events, default 100 000] [a real journal.jsonl to repeat]`
 */

export const title = "Reports of a long journal";

const SELF = fileURLToPath(import.meta.url);
const ROUNDS = 3;

interface Taken {
  /** Seconds of CPU. */
  cpu: number;
  /** Bytes of memory at most. */
  rss: number;
}

if (process.argv[2] === "--report" || process.argv[2] === "--parse") {
  await work(process.argv[2] === "--report", process.argv[3] ?? "");
}

export async function rows([events = "100000", model]: readonly string[]): Promise<BenchRow[]> {
  // A folder of reports of its own: a report counts the other runs beside it.
  const reports = mkdtempSync(join(tmpdir(), "kvchaos-bench-"));
  const directory = join(reports, "run");
  mkdirSync(directory);
  try {
    writeJournal(join(directory, "journal.jsonl"), Number(events), model);
    const rss: [number[], number[]] = [[], []];
    const child = (mode: "--report" | "--parse") => async (): Promise<number> => {
      const taken = inOwnProcess(mode, directory);
      rss[mode === "--report" ? 0 : 1].push(taken.rss);
      return taken.cpu;
    };
    const figures = await inTurns(ROUNDS, [child("--report"), child("--parse")]);
    const what = `${events} events`;
    const [seconds, megabytes] = [
      (s: number) => `${s.toFixed(2)} s of CPU`,
      (b: number) => `${(b / 1e6).toFixed(0)} MB`,
    ];
    return [
      rowOf({ what: `${what}: time`, figures, told: [seconds, (s) => `${seconds(s)} parsing`], goal: null }),
      rowOf({ what: `${what}: memory`, figures: rss, told: [megabytes, (b) => `${megabytes(b)} parsing`], goal: null }),
    ];
  } finally {
    rmSync(reports, { recursive: true, force: true });
  }
}

async function work(isReport: boolean, directory: string): Promise<void> {
  const file = join(directory, "journal.jsonl");
  if (isReport) {
    const failures = await renderAll(await readRecord(file), directory, reporters);
    if (failures.length > 0) throw failures[0]?.error;
  } else await parseOnly(file);
  const { user, system } = process.cpuUsage();
  const taken: Taken = { cpu: (user + system) / 1e6, rss: process.resourceUsage().maxRSS * 1024 };
  process.stdout.write(JSON.stringify(taken));
}

function inOwnProcess(mode: string, directory: string): Taken {
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
