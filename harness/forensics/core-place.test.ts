import assert from "node:assert/strict";
import { type CoreOrigin, coreOrigin, corePlace } from "./core-place.ts";
import type { ProcFiles } from "./proc-files.ts";

const origin: CoreOrigin = {
  cwd: "/data",
  exe: "/usr/bin/redis-server",
  comm: "redis-server",
  pids: { own: 1, host: 4711 },
};

describe("where the kernel puts a core", () => {
  function place(pattern: string | null, usesPid = "0") {
    const files: Record<string, string | null> = {
      "/proc/sys/kernel/core_pattern": pattern,
      "/proc/sys/kernel/core_uses_pid": usesPid,
    };
    const proc: ProcFiles = { text: (path) => files[path] ?? null, list: () => [], link: () => null };
    const found = corePlace(origin, proc);
    return "path" in found ? found.path : found.why;
  }

  it("is the working directory for a plain name, and the container's root for a path", () => {
    assert.equal(place("core\n"), "/data/core");
    assert.equal(place("core", "1"), "/data/core.1");
    assert.equal(place("/var/cores/%e.%p-%P-%%"), "/var/cores/redis-server.1-4711-%");
    assert.equal(place("core.%p", "1"), "/data/core.1");
    assert.equal(place("%E"), "/data/!usr!bin!redis-server");
    assert.equal(place("%f"), "/data/redis-server");
  });

  it("is nowhere that we can read when a program gets it, and the reason names the program", () => {
    assert.match(
      place("|/usr/share/apport/apport %p"),
      /hands cores to a program \(\|\/usr\/share\/apport\/apport %p\)/,
    );
    assert.match(place(""), /empty/);
    assert.match(place(null), /not readable/);
    assert.match(place("core.%t"), /\(core\.%t\) has %t, of which the value is not known/);
  });

  it("is found of a process of this machine", () => {
    const mine = coreOrigin(process.pid);
    assert.equal(mine?.cwd, process.cwd());
    assert.equal(mine?.pids.host, process.pid);
    assert.equal(coreOrigin(2 ** 22 + 1), null);
  });
});
