import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { emptyOperation, finalFile, operationsFile } from "../harness/history/format.ts";
import { readHistory } from "../harness/history/read-history.ts";
import { HistoryWriter } from "../harness/history/writer.ts";
import type { JournalEvent } from "../harness/journal/events.ts";
import { KIND } from "../harness/journal/history.ts";
import { recordOf } from "../harness/journal/record.ts";

/*
 * How long does it take, and how much memory, to read a history of a million operations that two threads recorded?
 * `node --import tsx bench/history.ts [operations]`
 */

const SELF = fileURLToPath(import.meta.url);
const THREADS = [0, 1];
const CELLS = 10_000;

const megabytes = (bytes: number): number => Math.round(bytes / 1e6);

if (process.argv[2] === "--read") {
  const [directory = "", operations = "0"] = process.argv.slice(3);
  const shape = { type: "string", prefix: "k:", keys: CELLS, elements: 1 } as const;
  const files = [
    ...THREADS.map((thread) => ({
      file: operationsFile("l", thread),
      final: false,
      operations: Number(operations) / 2,
    })),
    { file: finalFile("l"), final: true, operations: CELLS },
  ];
  const end: JournalEvent = { type: "history", t: 0, step: "end", load: "l", files, shape, nodes: ["m1"] };
  const before = process.memoryUsage().rss;
  const begun = performance.now();
  const [history] = await readHistory(directory, recordOf([end]));
  const ms = Math.round(performance.now() - begun);
  if (history?.operations.length !== Number(operations) || history.incomplete !== null) throw new Error("not whole");
  const most = process.resourceUsage().maxRSS * 1024;
  console.log(`history of ${operations} operations: read in ${ms} ms, ${megabytes(most - before)} MB more than before`);
} else {
  const operations = Number(process.argv[2] ?? 1_000_000);
  const directory = mkdtempSync(path.join(tmpdir(), "kvchaos-bench-"));
  try {
    await write(directory, operations);
    spawnSync(process.execPath, ["--import", "tsx", SELF, "--read", directory, `${operations}`], { stdio: "inherit" });
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** 16 connections per thread, each with one operation in flight that takes between 0.1 and 10 ms. */
async function write(directory: string, operations: number): Promise<void> {
  const operation = emptyOperation(0);
  const cpu = process.cpuUsage();
  for (const thread of THREADS) {
    const writer = HistoryWriter.open(path.join(directory, operationsFile("l", thread)));
    const free = Array.from({ length: 16 }, () => 0);
    for (let i = 0; i < operations / 2; i++) {
      const client = i % 16;
      const invoked = free[client] as number;
      const completed = invoked + 0.1 + 9.9 * Math.random() ** 4;
      free[client] = completed;
      operation.cell = i % CELLS;
      operation.client = client;
      operation.invoked = invoked;
      operation.completed = completed;
      operation.value = 1 + thread + 2 * i;
      writer.add(operation);
      if (i % 100_000 === 0) await writer.written();
    }
    await writer.close();
  }
  const { user, system } = process.cpuUsage(cpu);
  console.log(`history: ${Math.round((1000 * (user + system)) / operations)} ns of CPU to record an operation`);
  const final = HistoryWriter.open(path.join(directory, finalFile("l")));
  operation.kind = KIND.read;
  for (let cell = 0; cell < CELLS; cell++) {
    operation.cell = cell;
    operation.value = cell + 1;
    final.add(operation);
  }
  await final.close();
}
