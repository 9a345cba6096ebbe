import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../base/deadline.ts";
import { type ProcessSample, sampleProcess } from "./process-sample.ts";

describe("process sample", () => {
  const children: ChildProcess[] = [];
  const run = (command: string, ...args: string[]): number => {
    const child = spawn(command, args, { stdio: "ignore" });
    children.push(child);
    return child.pid ?? assert.fail("no pid");
  };
  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill("SIGKILL");
      await once(child, "exit");
    }
  });
  /** Samples until the reading is as wanted. */
  const sampled = (pid: number, wanted: (sample: ProcessSample) => boolean) =>
    until({ what: "the wanted reading", within: 60_000, every: 20 }, () => {
      const sample = sampleProcess(pid, performance.now());
      return sample !== null && wanted(sample) ? sample : undefined;
    });

  it("sees a busy loop burn CPU and a sleeper stand still", async () => {
    const busy = run("sh", "-c", "while :; do :; done");
    const first = await sampled(busy, ({ cpuMs }) => (cpuMs ?? 0) > 0);
    const more = await sampled(busy, ({ cpuMs }) => (cpuMs ?? 0) >= (first.cpuMs ?? 0) + 50);
    assert.equal(more.alive, true);
    assert.equal(more.threads.length, 1);
    // Beside another busy loop on every CPU it would wait as long as it runs; the kernel counts both.
    const wait = more.threads[0]?.waitMs ?? assert.fail("no schedstat");
    assert.ok(wait >= (first.threads[0]?.waitMs ?? 0));

    const sleeper = run("sleep", "60");
    const asleep = await sampled(
      sleeper,
      ({ state, threads }) => state === "S" && threads[0]?.fingerprint.includes("S|") === true,
    );
    const later = await sampled(sleeper, ({ t }) => t > asleep.t + 100);
    assert.deepEqual(later.threads, asleep.threads);
    assert.ok((later.rssBytes ?? 0) > 100_000);
  });

  it("takes a thread that has not run since the last reading as it was, and reads one that has", async () => {
    const pid = run(process.execPath, "-e", "setInterval(() => {}, 20)");
    // A thread that has never run yet has no schedule by which it could be known again.
    const first = await sampled(
      pid,
      ({ threads }) => threads.length > 4 && threads.every(({ schedule }) => schedule !== null),
    );
    const next = await until({ what: "the timer to run again", within: 60_000, every: 20 }, () => {
      const sample = sampleProcess(pid, performance.now(), first);
      return sample?.threads.some((thread, i) => thread.schedule !== first.threads[i]?.schedule) ? sample : undefined;
    });
    const again = sampleProcess(pid, performance.now());
    for (const [i, thread] of next.threads.entries()) {
      const asleep = thread.schedule !== null && thread.schedule === first.threads[i]?.schedule;
      assert.equal(thread === first.threads[i], asleep, `${thread.tid}`);
      const read = again?.threads[i];
      // Woken since, and still waiting for a CPU: its schedule is what it was.
      const woken = read?.fingerprint.startsWith("R|");
      if (asleep && read?.schedule === thread.schedule && !woken) assert.deepEqual(read, thread);
    }
    assert.equal(
      sampleProcess(pid, 0, { ...first, pid: 1 })?.threads.some((thread) => first.threads.includes(thread)),
      false,
    );
  });

  it("counts every thread of a process", async () => {
    const pid = run(process.execPath, "-e", "setInterval(() => {}, 1000)");
    const sample = await sampled(pid, ({ threads }) => threads.length > 4);
    assert.ok(sample.threads.some(({ tid }) => tid === pid));
    assert.ok((sample.switches ?? 0) > 0);
  });

  it("shows a stopped process as T", async () => {
    const pid = run("sleep", "60");
    process.kill(pid, "SIGSTOP");
    assert.equal((await sampled(pid, ({ state }) => state === "T")).alive, true);
  });

  it("knows that a vanished process is not alive", async () => {
    const pid = run("true");
    const child = children.at(-1) ?? assert.fail("no child");
    if (child.exitCode === null) await once(child, "exit");
    assert.equal(sampleProcess(pid, 5)?.alive, false);
  });

  it("is null where there is no /proc, and has null numbers where reading is not permitted", () => {
    const root = mkdtempSync(join(tmpdir(), "kvchaos-proc-"));
    try {
      assert.equal(sampleProcess(7, 0, null, root), null);
      writeFileSync(join(root, "stat"), "cpu 0");
      assert.equal(sampleProcess(7, 0, null, root)?.alive, false);
      mkdirSync(join(root, "7"));
      // comm is what a program likes to call itself
      writeFileSync(join(root, "7", "stat"), `7 (a) R (b) S 1 7 7 0 -1 4194304 1 0 0 0 250 50 0 0 20 0 3 0 1 1 1`);
      const sample = sampleProcess(7, 0, null, root);
      assert.equal(sample?.state, "S");
      assert.equal(sample?.cpuMs, 3000);
      assert.equal(sample?.switches, null);
      assert.equal(sample?.rssBytes, null);
      assert.equal(sample?.ioBytes, null);
      assert.deepEqual(sample?.threads, []);
      writeFileSync(join(root, "7", "stat"), `7 (gone) Z 1 7 7 0 -1 4194304 1 0 0 0 250 50 0 0 20 0 3 0 1 1 1`);
      assert.equal(sampleProcess(7, 0, null, root)?.alive, false);
    } finally {
      rmSync(root, { recursive: true });
    }
  });
});
