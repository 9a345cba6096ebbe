import assert from "node:assert/strict";
import { parseInstallPlan } from "./debian-package.ts";

describe("apt's simulated installation", () => {
  it("gives the packages with their exact versions, new and replaced ones", () => {
    const text = [
      "Reading package lists...",
      "Inst liblzf1 (3.6-3 Debian:12.15/oldstable [amd64])",
      "Inst redis-server [5:7.0.14-1] (5:7.0.15-1~deb12u10 Debian-Security:12 [amd64])",
      "Conf liblzf1 (3.6-3 Debian:12.15/oldstable [amd64])",
    ].join("\n");
    assert.deepEqual(parseInstallPlan(text), ["liblzf1=3.6-3", "redis-server=5:7.0.15-1~deb12u10"]);
  });
});
