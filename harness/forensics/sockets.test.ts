import assert from "node:assert/strict";
import { linkOfPeer, openSockets, parseNetTcp } from "./sockets.ts";

const HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
const TCP = `${HEAD}   1: 0100007F:83A9 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 155839 1 0000000019e01f04 100 0 0 10 0
   2: 0100007F:93E4 0100007F:83A9 01 00000012:0000012C 00:00000000 00000000     0        0 155840 2 000000001e5a5e7a 20 0 0 11 -1
`;
const TCP6 = `${HEAD}   1: 00000000000000000000000001000000:822F 00000000000000000000000001000000:BBA2 01 00000000:00000000 00:00000000 00000000     0        0 155844 1 00000000d1befaeb 20 0 0 10 -1
   2: 0000000000000000FFFF0000020012AC:822F 0000000000000000FFFF0000030012AC:1A0A 01 00000000:00000000 00:00000000 00000000     0        0 155845 1 00000000d1befaeb 20 0 0 10 -1
`;
const link = (name: string, address: string, cutBy: string | null = null) => ({ name, address, cutBy });

describe("sockets", () => {
  it("addresses, states and queues come from the kernel's table", () => {
    const [listening, established, ...none] = parseNetTcp(TCP);
    assert.deepEqual(none, []);
    assert.deepEqual(established, {
      inode: 155840,
      local: { host: "127.0.0.1", port: 0x93e4 },
      peer: { host: "127.0.0.1", port: 0x83a9 },
      state: "ESTABLISHED",
      txQueue: 0x12,
      rxQueue: 300,
    });
    assert.equal(listening?.state, "LISTEN");
  });

  it("IPv6 addresses are read, and IPv4 ones inside IPv6 are IPv4", () => {
    const [six, mapped] = parseNetTcp(TCP6);
    assert.equal(six?.peer.host, "::1");
    assert.deepEqual(mapped?.peer, { host: "172.18.0.3", port: 6666 });
  });

  it("a descriptor's socket belongs to the link that its peer is the address of", () => {
    const fds = new Map([
      [3, "pipe:[155840]"],
      [20, "socket:[155840]"],
      [21, "socket:[155839]"],
      [22, "socket:[4]"],
    ]);
    const links = [link("r1 -> m1", "127.0.0.1:33705", "partition-1"), link("r1 -> m2", "127.0.0.1:1")];
    const found = openSockets(fds, parseNetTcp(TCP), links).map(({ fd, link: of }) => [fd, of?.name, of?.cutBy]);
    assert.deepEqual(found, [
      [20, "r1 -> m1", "partition-1"],
      [21, undefined, undefined],
    ]);
  });

  it("a link known by host name matches by port, unless two such links share it", () => {
    const peer = { host: "172.18.0.3", port: 6666 };
    assert.equal(linkOfPeer(peer, [link("a", "toxiproxy:6666"), link("b", "toxiproxy:6667")])?.name, "a");
    assert.equal(linkOfPeer(peer, [link("a", "one:6666"), link("b", "two:6666")]), null);
    assert.equal(linkOfPeer(peer, [link("a", "172.18.0.9:6666")]), null);
    assert.equal(linkOfPeer({ host: "::1", port: 6666 }, [link("a", "[::1]:6666")])?.name, "a");
  });
});
