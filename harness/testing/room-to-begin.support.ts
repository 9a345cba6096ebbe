import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

/** What a run needs in its beginning, when it starts servers, as a share of all processors. */
const ENOUGH = 0.25;
/** What another began just before is seen in that time. ms */
const LOOK = 500;
/** A machine that is never calm keeps nobody waiting for longer. ms */
const LONGEST = 10_000;

/**
 * Resolves when this machine's processors had time to spare for half a second; what runs with a lower priority is no hindrance. Tests whose
 * runs all begin at once starve each other, and those that begin one after the other leave processors idle.
 */
export async function roomToBegin(): Promise<void> {
  const latest = performance.now() + LONGEST;
  let before = await processorTimes();
  do {
    await sleep(LOOK);
    const now = await processorTimes();
    if (now.spare - before.spare >= ENOUGH * (now.all - before.all)) return;
    before = now;
  } while (performance.now() < latest);
}

/** Since the start of the machine, of all processors together; proc(5): user, nice, system, idle, iowait, irq, softirq, steal. */
async function processorTimes(): Promise<{ spare: number; all: number }> {
  const [first = ""] = (await readFile("/proc/stat", "utf8")).split("\n", 1);
  const [, ...times] = first.split(/\s+/).map(Number);
  const [, nice = 0, , idle = 0, iowait = 0] = times;
  return { spare: nice + idle + iowait, all: times.slice(0, 8).reduce((sum, one) => sum + one, 0) };
}
