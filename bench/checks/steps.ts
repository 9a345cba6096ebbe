import path from "node:path";
import { runChecks } from "../../harness/checks/run-checks.ts";
import { readRun } from "../../harness/history/read-history.ts";
import { readRecord } from "../../harness/journal/reader.ts";
import { fileReporters, renderAll } from "../../harness/report/registry.ts";
import { CHECKS, recordRun } from "./record-run.ts";

/* One step in the life of a recorded run, in a process of its own: prints the time and the memory that it took, as JSON. */

const [step, directory = "", ...numbers] = process.argv.slice(2);
const begun = performance.now();
if (step === "record") {
  const [operations = 0, keys = 0, clients = 0] = numbers.map(Number);
  await recordRun(directory, { operations, keys, clients });
} else {
  await check();
  // As a run does it: the record that the reports are made of has no history.
  const failures = await renderAll(await readRecord(path.join(directory, "journal.jsonl")), directory, fileReporters);
  if (failures.length > 0) throw failures[0]?.error;
}
const rss = process.resourceUsage().maxRSS * 1024;
process.stdout.write(JSON.stringify({ ms: performance.now() - begun, rss }));

async function check(): Promise<void> {
  for (const { name, valid, why } of runChecks(CHECKS, await readRun(directory))) {
    if (valid !== true) throw new Error(`${name}: ${valid} ${why}`);
  }
}
