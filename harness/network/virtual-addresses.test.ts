import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { skip } from "../testing/skip.support.ts";
import { redirect, redirectRefusal, VirtualAddresses } from "./virtual-addresses.ts";

describe("addresses that no container has", () => {
  it("are at the end of the network's range, and known both ways", () => {
    const addresses = new VirtualAddresses("172.21.0.0/16", ["m1", "r1"]);
    assert.deepEqual([addresses.of("m1"), addresses.of("r1")], ["172.21.255.254", "172.21.255.253"]);
    assert.deepEqual([addresses.nameOf("172.21.255.253"), addresses.nameOf("172.21.0.2")], ["r1", null]);
    assert.equal(new VirtualAddresses("192.168.80.0/20", ["m1"]).of("m1"), "192.168.95.254");
    assert.throws(() => addresses.of("stranger"), /no address of its own/);
  });

  it("are refused, with what is missing, where the engine is elsewhere", () => {
    assert.match(redirectRefusal(false) ?? "", /on another machine/);
  });

  it("are refused to anybody but root", () => {
    const before = process.getuid;
    process.getuid = () => 1000;
    try {
      assert.match(redirectRefusal(true) ?? "", /only root/);
    } finally {
      process.getuid = before;
    }
  });

  it("are not needed by a process that has ended, whose namespace is gone with it; of one that goes on a failure is told", async function () {
    const refusal = redirectRefusal(true);
    if (refusal !== null) return skip(this, refusal);
    const ends = { own: "172.21.0.2", toxiproxy: "172.21.0.3" };
    const ended = spawn("true");
    await once(ended, "exit");
    await redirect(ended.pid as number, ends, { outgoing: [], incoming: [] });
    const goesOn = spawn("sleep", ["60"]);
    try {
      const wrong = { outgoing: [{ host: "no address", port: 6379, listen: 10_000 }], incoming: [] };
      await assert.rejects(redirect(goesOn.pid as number, ends, wrong), /no address/);
    } finally {
      goesOn.kill("SIGKILL");
    }
  });
});
