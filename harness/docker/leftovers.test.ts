import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { keptLabels, ownerLabels, ownerOf, ownerState, startTimeOf } from "./leftovers.ts";

describe("owner of what a run makes", () => {
  it("finds the start time behind a process name with spaces and brackets", () => {
    const fields = Array.from({ length: 50 }, (_, i) => String(i + 3)); // Fields 3, 4, …
    assert.equal(startTimeOf(`42 (a) b (c) ${fields.join(" ")}\n`), "22");
  });

  it("refuses a text that is no stat line", () => {
    assert.throws(() => startTimeOf("42 (sh) S 1"), /proc/);
  });

  it("is alive while its process is, and gone afterwards", async () => {
    const child = spawn("sleep", ["60"]);
    try {
      await once(child, "spawn");
      const owner = await ownerOf(child.pid as number);
      assert.equal(await ownerState(owner, true), "alive");
      child.kill("SIGKILL");
      await once(child, "exit");
      assert.equal(await ownerState(owner, true), "gone");
    } finally {
      child.kill("SIGKILL");
    }
  });

  it("is gone when another process has its number now", async () => {
    const [pid, start, ...rest] = (await ownerOf(process.pid)).split(":");
    const earlier = [pid, Number(start) - 1, ...rest].join(":");
    assert.equal(await ownerState(earlier, true), "gone");
  });

  it("from before a reboot is gone here, and unknown on another machine's engine", async () => {
    const [pid, start, , namespace] = (await ownerOf(process.pid)).split(":");
    const other = [pid, start, "01234567-89ab-cdef-0123-456789abcdef", namespace].join(":");
    assert.equal(await ownerState(other, true), "gone");
    assert.equal(await ownerState(other, false), "unknown");
  });

  it("in another PID namespace is unknown: its number means nothing here", async () => {
    const owner = await ownerOf(process.pid);
    assert.equal(await ownerState(`${owner}1`, true), "unknown");
  });

  it("without a readable label is unknown, never gone", async () => {
    for (const label of [undefined, "", "unknown", "12", "x:1:2:3", "1:2:3"]) {
      assert.equal(await ownerState(label, true), "unknown");
    }
  });

  it("labels hold the run and this process; kept things belong to nobody", async () => {
    const labels = await ownerLabels("run-1");
    assert.equal(labels["kvchaos.run"], "run-1");
    assert.equal(await ownerState(labels["kvchaos.owner"], true), "alive");
    assert.equal(await ownerState(keptLabels("run-1")["kvchaos.owner"], true), "gone");
  });
});
