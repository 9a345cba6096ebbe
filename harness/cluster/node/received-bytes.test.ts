import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { interfaceTowards, receivedBytes, receivedOn } from "./received-bytes.ts";

// Written down from a container on an internal network (172.19.0.0/16) and one that publishes ports (172.20.0.0/16).
const ROUTES = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	010014AC	0003	0	0	0	00000000	0	0	0
eth1	000013AC	00000000	0001	0	0	0	0000FFFF	0	0	0
eth0	000014AC	00000000	0001	0	0	0	0000FFFF	0	0	0
`;
const DEVICES = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:     104       2    0    0    0     0          0         0      104       2    0    0    0     0       0          0
  eth1: 20971520    1041    0    0    0     0          0         0     5012      61    0    0    0     0       0          0
  eth0:    9138      93    0    0    0     0          0         0    71234     120    0    0    0     0       0          0
`;

describe("the bytes that reach a node", () => {
  it("are counted on the interface whose network holds its address, not on the default route's", () => {
    assert.equal(interfaceTowards("172.19.0.4", ROUTES), "eth1");
    assert.equal(interfaceTowards("172.20.0.4", ROUTES), "eth0");
    assert.equal(interfaceTowards("10.0.0.1", ROUTES), null);
    assert.equal(interfaceTowards("", ROUTES), null);
    assert.equal(receivedOn("eth1", DEVICES), 20_971_520);
    assert.equal(receivedOn("eth2", DEVICES), null);
  });

  it("are unknown without a process, and where the process has no interface there", () => {
    assert.equal(receivedBytes(null, "172.19.0.4"), null);
    assert.equal(receivedBytes(2 ** 22 + 1, "172.19.0.4"), null);
    assert.equal(receivedBytes(process.pid, "203.0.113.9"), null);
  });

  it("are read of a real process", () => {
    const line = readFileSync("/proc/self/net/route", "utf8").split("\n").slice(1);
    const own = line
      .map((one) => one.split("\t"))
      .find(([, to, , , , , , mask]) => to !== "00000000" && Number(`0x${mask}`) > 0);
    // A machine without any network has nothing to read.
    if (!own?.[1]) return;
    const ip = [6, 4, 2, 0].map((at) => Number.parseInt((own[1] as string).slice(at, at + 2), 16)).join(".");
    const bytes = receivedBytes(process.pid, ip);
    assert.ok(bytes !== null && bytes >= 0, String(bytes));
  });
});
