import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { processState } from "../../forensics/process.ts";
import { runGdb } from "./gdb-process.ts";

describe("a gdb that is ended", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "kvchaos-gdb-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it("gets no signal that it would hand on to the process it looks at, not from the terminal either", async () => {
    const gdb = path.join(folder, "gdb");
    const signals = path.join(folder, "signals");
    const traps = ["TERM", "INT", "HUP", "QUIT"].map((name) => `trap 'echo ${name} >> ${signals}' ${name}`);
    // Field 6 of /proc/<pid>/stat is its session.
    const about = "echo $$ $(cut -d' ' -f6 /proc/$$/stat)";
    await writeFile(gdb, ["#!/bin/bash", ...traps, about, "while :; do read -rt 0.01 <> <(:); done", ""].join("\n"), {
      mode: 0o755,
    });
    await writeFile(signals, "");
    const { failed, output } = await runGdb(gdb, [], { within: 3_000 });
    assert.match(failed ?? "", /gdb was ended: gdb's answer did not happen within 3000 ms/);
    const [pid, session] = output.trim().split(" ").map(Number);
    assert.ok(pid && pid > 1, output);
    assert.equal(session, pid);
    assert.equal(processState(pid), null);
    assert.equal(await readFile(signals, "utf8"), "");
  });
});
