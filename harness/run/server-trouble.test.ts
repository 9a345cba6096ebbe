import assert from "node:assert/strict";
import type { NodeState } from "../journal/events.ts";
import { ServerTrouble, tellUnattached } from "./server-trouble.ts";

type Cluster = Parameters<typeof tellUnattached>[1];

const failed = new Error("replication of r1 did not happen");

/** r1 follows m1, and says these things of its link, the last one again and again. */
async function tell(
  images: { m1: string; r1: string; dead?: true },
  deadEnd: RegExp | undefined,
  ...details: (string | null)[]
) {
  let asked = 0;
  const { dead = false } = images;
  const told: unknown[] = [];
  const state = async (): Promise<Partial<NodeState>> => {
    const linkDetail = details[Math.min(asked++, details.length - 1)];
    if (linkDetail === null) throw new Error("it does not answer");
    return { role: "replica", link: linkDetail === "" ? "up" : "down", linkDetail, loading: false };
  };
  const node = (name: "m1" | "r1") => ({
    state: name === "r1" ? state : master,
    server: { image: images[name], system: { deadEnd } },
  });
  const master = async () => {
    if (dead) throw new Error("it does not answer");
    return { role: "master" };
  };
  const cluster = { topology: { replicaOf: { r1: "m1" } }, node } as unknown as Cluster;
  const emit = (event: unknown): void => void told.push(event);
  const error = await tellUnattached({ emit, signal: new AbortController().signal }, cluster, failed, 20).then(
    () => null,
    (reason: unknown) => reason,
  );
  return { told, error };
}

describe("a replica that has not come to follow its master in the set-up's time", () => {
  const same = { m1: "pika:1", r1: "pika:1" };

  it("is told of servers of two images, whatever it says", async () => {
    const { told, error } = await tell({ m1: "pika:1", r1: "pika:2" }, undefined, "(db0:Error)");
    assert.deepEqual(told, [
      {
        type: "unattached",
        node: "r1",
        image: "pika:2",
        master: "m1",
        masterImage: "pika:1",
        link: "down ((db0:Error))",
      },
    ]);
    assert.ok(error instanceof ServerTrouble);
    assert.deepEqual(error.checks, ["replication-progress"]);
  });

  it("is told of servers of one image where it says all the time that it is in a dead end", async () => {
    const { told, error } = await tell(same, /kWaitReply/, "(db1:kWaitReply)");
    assert.equal(told.length, 1);
    assert.ok(error instanceof ServerTrouble);
  });

  it("is an error of the set-up where it may be late, goes on, does not answer, or knows no dead end", async () => {
    for (const details of [
      ["(db0:WaitDBSync)"],
      ["(db1:kWaitReply)", "(db1:WaitDBSync)"],
      ["(db1:kWaitReply)", null],
      [""],
    ])
      assert.deepEqual(await tell(same, /kWaitReply/, ...details), { told: [], error: failed });
    assert.deepEqual(await tell({ ...same, dead: true }, /kWaitReply/, "(db1:kWaitReply)"), {
      told: [],
      error: failed,
    });
    assert.deepEqual(await tell(same, undefined, "(db1:kWaitReply)"), { told: [], error: failed });
  });
});
