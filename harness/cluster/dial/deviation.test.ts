import assert from "node:assert/strict";
import { deviationOf } from "./deviation.ts";

const topology = { masters: ["m1"], replicaOf: { r1: "m1" } };
const nodeAt = (host: string, port: number): string | null => (host === "toxiproxy" ? `m${port}` : null);
const master = { role: "master", masterHost: null, masterPort: null } as const;
const replica = (port: number | null, host = "toxiproxy") =>
  ({ role: "replica", masterHost: host, masterPort: port }) as const;

describe("a server's deviation from its role", () => {
  const cases: [string, string, Parameters<typeof deviationOf>[1], string | null][] = [
    ["none of a master", "m1", master, null],
    ["none of a replica at its master's address", "r1", replica(1), null],
    ["a master that is a replica", "m1", replica(1), "should be a master and is not"],
    ["a replica that is a master", "r1", master, "should replicate from m1 and is a master"],
    ["another master", "r1", replica(2), "should replicate from m1 and replicates from m2"],
    ["an address that nobody has", "r1", replica(7, "x"), "should replicate from m1 and replicates from x:7"],
    ["no address", "r1", replica(null), "should replicate from m1 and does not say from whom it does"],
    ["none of a node that belongs to nobody", "free", replica(2), null],
    ["none of a node that belongs to nobody, as a master", "free", master, null],
  ];
  for (const [what, name, state, expected] of cases) {
    it(`is ${what}`, () => assert.equal(deviationOf(name, state, topology, nodeAt), expected));
  }
});
