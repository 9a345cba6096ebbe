import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { formatSeconds } from "../harness/base/units.ts";
import { flushOrder } from "../harness/checks/data/flush-order.ts";
import { linearizable } from "../harness/checks/data/linearizable.ts";
import { noLostWrites } from "../harness/checks/data/no-lost-writes.ts";
import { perKeyOrder } from "../harness/checks/data/per-key-order.ts";
import { KIND, type LoadHistory } from "../harness/journal/history.ts";
import { runModel } from "../harness/testing/data-model/store.support.ts";
import { fixture } from "../harness/testing/record-fixture.support.ts";

/*
 * How long does it take, and how much memory, to judge a million recorded operations by every data check? Each shape in a
 * process of its own, with the model store's run in memory; beside it, what grouping the same operations by cell takes with
 * a Map of arrays: the ratio says what the checks cost on any machine. `node --import tsx bench/checks.ts [operations]`
 */

const SELF = fileURLToPath(import.meta.url);
const SHAPES = {
  "10 keys, 50 clients": { cells: 10, clients: 50, flushes: 5 },
  "10 000 keys, 100 clients": { cells: 10_000, clients: 100, flushes: 20 },
  "500 000 keys, 100 clients": { cells: 500_000, clients: 100, flushes: 20 },
};

const mode = process.argv[2];
if (mode !== undefined && mode in SHAPES) measure(mode as keyof typeof SHAPES, Number(process.argv[3]));
else main(Number(mode ?? 1_000_000));

function main(operations: number): void {
  for (const shape of Object.keys(SHAPES)) {
    const child = spawnSync(process.execPath, ["--import", "tsx", SELF, shape, `${operations}`], { stdio: "inherit" });
    if (child.status !== 0) throw new Error(`${shape} ended with ${child.status ?? child.signal}`);
  }
}

function measure(shape: keyof typeof SHAPES, operations: number): void {
  const { load, events } = runModel({ seed: shape, operations, reads: 0.5, ...SHAPES[shape] });
  const record = fixture(events, { history: [load], without: ["topology", "node-state"] });
  const before = process.memoryUsage.rss();
  console.log(`${operations} operations on ${shape}; ${megabytes(before)} before any check`);
  const simple = cpu(() => groupSimply(load));
  console.log(`  grouped with a Map: ${formatSeconds(simple, 2)} of CPU`);
  let all = 0;
  for (const check of [flushOrder, noLostWrites, perKeyOrder, linearizable]) {
    let said = "";
    const used = cpu(() => {
      const { valid, why } = check.check(record);
      said = `${valid}${why === null ? "" : ` (${why})`}`;
    });
    all += used;
    console.log(`  ${check.name}: ${formatSeconds(used, 2)} of CPU, ${(used / simple).toFixed(1)} ×: ${said}`);
  }
  const most = process.resourceUsage().maxRSS * 1024;
  console.log(`  together ${formatSeconds(all, 2)} of CPU, ${(all / simple).toFixed(1)} ×; ${megabytes(most)} at most`);
}

function groupSimply({ operations: { length, cell, kind } }: LoadHistory): number {
  const groups = new Map<number, number[]>();
  for (let row = 0; row < length; row++) {
    const group = groups.get(cell[row] as number);
    if (group) group.push(row);
    else groups.set(cell[row] as number, [row]);
  }
  let writes = 0;
  for (const rows of groups.values()) for (const row of rows) if (kind[row] === KIND.write) writes++;
  return writes;
}

/** Milliseconds of CPU: other work on the machine does not count. */
function cpu(work: () => void): number {
  const from = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(from);
  return (user + system) / 1000;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
