import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const CORE = fileURLToPath(new URL("bash/observe/core.sh", import.meta.url));

describe("repro.sh removes its containers however it ends", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "kvchaos-repro-cleanup-"));
    for (const tool of ["docker", "curl"]) {
      await writeFile(path.join(folder, tool), `#!/bin/sh\necho "$*" >>"${folder}/asked"\n`, { mode: 0o755 });
    }
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** A script that talks until it is ended. Returns what it asked of Docker. */
  async function endedBy(how: (child: ReturnType<typeof start>) => void): Promise<string> {
    const child = start();
    await once(child.stdout, "data");
    how(child);
    await once(child, "exit");
    return readFile(path.join(folder, "asked"), "utf8");
  }

  function start() {
    const script = `P=mine; . "${CORE}"; begin; while :; do say working; sleep 0.05; done`;
    const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
    return spawn("bash", ["-c", script], { env, stdio: ["ignore", "pipe", "ignore"] });
  }

  const ENDS: Record<string, (child: ReturnType<typeof start>) => void> = {
    "when whoever reads it goes away": (child) => child.stdout.destroy(),
    "when its terminal goes away": (child) => child.kill("SIGHUP"),
    "when it is asked to end": (child) => child.kill("SIGTERM"),
    "at Ctrl-C": (child) => child.kill("SIGINT"),
  };
  for (const [when, how] of Object.entries(ENDS)) {
    it(when, async function () {
      this.timeout(120_000);
      assert.match(await endedBy(how), /^ps -aq --filter label=mine\nnetwork ls -q --filter label=mine$/m);
    });
  }
});
