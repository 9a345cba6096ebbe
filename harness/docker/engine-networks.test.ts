import assert from "node:assert/strict";
import { freeRanges } from "./engine-networks.ts";

const ROUTES = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	0102A8C0	0003	0	0	0	00000000	0	0	0
eth0	0002A8C0	00000000	0001	0	0	0	00FFFFFF	0	0	0
docker0	000011AC	00000000	0001	0	0	0	0000FFFF	0	0	0
`;

describe("the range of a network", () => {
  it("is one that no network, no route and no name server uses", () => {
    const taken = ["172.18.0.0/16", "172.31.7.0/24", "fd00::/64"];
    const free = freeRanges({ taken, routes: ROUTES, resolver: "search lan\nnameserver 172.20.0.2\nnameserver ::1\n" });
    assert.equal(free.length, 31 - 5);
    for (const range of ["172.17.0.0/16", "172.18.0.0/16", "172.20.0.0/16", "172.31.0.0/16", "192.168.0.0/20"]) {
      assert.equal(free.includes(range), false, range);
    }
    assert.ok(free.includes("172.19.0.0/16") && free.includes("192.168.16.0/20"));
  });

  it("is none where a route takes all of them", () => {
    // 128.0.0.0/1, as some private networks have it.
    const all = `Iface Destination Gateway\ntun0 00000080 00000000 0001 0 0 0 00000080 0 0 0\n`;
    assert.deepEqual(freeRanges({ taken: [], routes: all, resolver: "" }), []);
  });
});
