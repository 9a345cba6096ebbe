import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { JournalEvent } from "../../journal/events.ts";
import { kvrocksController } from "../../systems/kvrocks-controller.ts";
import { Controllers, rolesIn } from "./controllers.ts";

interface Answer {
  status: number;
  body?: unknown;
}

interface Asked {
  call: string;
  body: unknown;
}

/** A controller: what it says is a status and a body, or nothing at all. */
class FakeController {
  readonly asked: Asked[] = [];
  says: Answer | "nothing" | ((request: IncomingMessage) => Answer) = { status: 500 };
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      void textOf(request).then((text) => {
        this.asked.push({ call: `${request.method} ${request.url}`, body: text === "" ? null : JSON.parse(text) });
        if (this.says === "nothing") return;
        const { status, body } = typeof this.says === "function" ? this.says(request) : this.says;
        response.writeHead(status, { location: "http://0.0.0.0:9379/" }).end(JSON.stringify(body ?? null));
      });
    });
  }

  async start(): Promise<{ host: string; port: number }> {
    await new Promise<void>((done) => this.#server.listen(0, "127.0.0.1", done));
    return { host: "127.0.0.1", port: (this.#server.address() as AddressInfo).port };
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text;
}

/** A topology of one shard, its master first. */
const shown = (version: number, ...hosts: string[]) => ({
  status: 200,
  body: {
    data: {
      cluster: {
        version,
        shards: [
          {
            nodes: hosts.map((host, i) => ({
              id: `id-${host}`,
              addr: `${host}:6666`,
              role: i === 0 ? "master" : "slave",
            })),
            slot_ranges: ["0-16383"],
            migrating_slot: -1,
            target_shard_index: -1,
          },
        ],
      },
    },
  },
});

describe("controllers over HTTP", () => {
  let fakes: FakeController[];
  let controllers: Controllers;
  let events: JournalEvent[];
  const limits = { within: 60_000 };

  beforeEach(async () => {
    fakes = [new FakeController(), new FakeController()];
    events = [];
    const nodes = await Promise.all(fakes.map(async (fake, i) => ({ name: `c${i + 1}`, direct: await fake.start() })));
    controllers = new Controllers({
      mode: kvrocksController,
      nodes,
      store: "store",
      hostOf: (name) => `host-${name}`,
      nameOf: (host) => (host.startsWith("host-") ? host.slice(5) : null),
      emit: (event) => void events.push({ t: 0, ...event } as JournalEvent),
    });
  });
  afterEach(() => {
    for (const fake of fakes) fake.stop();
  });

  const [first, second] = [0, 1].map((i) => () => fakes[i] as FakeController) as [
    () => FakeController,
    () => FakeController,
  ];
  const says = () => events.map((event) => (event.type === "controller" ? `${event.node} ${event.says}` : event.type));

  it("journals what one says when it is another than before, and only then", async () => {
    first().says = shown(3, "host-m1", "host-r1");
    for (let i = 0; i < 3; i++) await controllers.view("c1", limits);
    assert.deepEqual(says(), ["c1 leads", "controller-topology"]);
    first().says = shown(4, "host-r1", "stranger");
    await controllers.view("c1", limits);
    const last = events.at(-1);
    assert.ok(last?.type === "controller-topology");
    assert.deepEqual(last.shards, [{ masters: ["r1"], replicas: [null], slots: [[0, 16_383]], migrating: null }]);
  });

  it("takes a redirection for the word of one that follows, and an error or silence for none", async () => {
    first().says = { status: 307 };
    await assert.rejects(controllers.view("c1", limits), /c1 does not lead: 307/);
    first().says = { status: 400, body: { error: "no leader now, please retry later" } };
    await assert.rejects(controllers.view("c1", limits), /400 no leader now/);
    first().says = { status: 500, body: { error: { message: "context deadline exceeded" } } };
    await assert.rejects(controllers.view("c1", limits), /500 context deadline exceeded/);
    first().says = "nothing";
    await assert.rejects(controllers.view("c1", { within: 50 }), /did not happen within 50 ms/);
    assert.deepEqual(says(), ["c1 follows", "c1 silent"]);
  });

  it("gives an order to the one that leads, and takes what is there already for done", async () => {
    first().says = { status: 307 };
    second().says = ({ method }) => ({ status: method === "GET" ? 404 : 409 });
    assert.equal(
      await controllers.order(kvrocksController.calls.cluster(["host-m1:6666"], "secret"), limits),
      "c2: 409",
    );
    // That one would carry it out as well.
    assert.deepEqual(
      first().asked.map(({ call }) => call),
      ["GET /api/v1/namespaces/kvchaos/clusters/kvchaos"],
    );
    assert.deepEqual(second().asked.slice(1), [
      {
        call: "POST /api/v1/namespaces/kvchaos/clusters",
        body: { name: "kvchaos", nodes: ["host-m1:6666"], replicas: 1, password: "secret" },
      },
    ]);
  });

  it("knows the topology of whoever leads", async () => {
    first().says = { status: 307 };
    second().says = shown(7, "host-m1", "host-r1");
    assert.deepEqual(rolesIn(await controllers.current(limits)), {
      self: null,
      masters: [{ host: "host-m1", epoch: 7, slots: [[0, 16_383]] }],
      replicaOf: { "host-r1": "host-m1" },
    });
  });
});
