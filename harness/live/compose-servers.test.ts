import assert from "node:assert/strict";
import { ChaosError } from "../base/chaos-error.ts";
import { nodeState } from "../testing/record-fixture.support.ts";
import { serversIn } from "./compose-servers.ts";
import { topologyOf } from "./live-topology.ts";

const OWN_PORT = `["$\{PORT:-6390}:6379"]`;
const file = (ports: string) => `services:\n  m1:\n    image: redis:7\n    ports: ${ports}\n`;
const addresses = (ports: string, variables = {}) =>
  serversIn("c.yaml", file(ports), variables).servers.map(({ host, port, inside }) => `${host}:${port} ${inside}`);

describe("the servers of a Compose file", () => {
  it("are where their services publish ports, in each way to write them", () => {
    assert.deepEqual(addresses('["6380:6379"]'), ["127.0.0.1:6380 m1:6379"]);
    assert.deepEqual(
      addresses('["127.0.0.1:6380:6379/tcp", "10.0.0.7:6381:6379", "0.0.0.0:6382:6379", "[::]:6383:6379"]'),
      ["127.0.0.1:6380 m1:6379", "10.0.0.7:6381 m1:6379", "127.0.0.1:6382 m1:6379", "127.0.0.1:6383 m1:6379"],
    );
    assert.deepEqual(addresses('[{ target: 6379, published: "6380", host_ip: 10.0.0.7 }]'), ["10.0.0.7:6380 m1:6379"]);
    assert.deepEqual(addresses(OWN_PORT), ["127.0.0.1:6390 m1:6379"]);
    assert.deepEqual(addresses(OWN_PORT, { PORT: "6391" }), ["127.0.0.1:6391 m1:6379"]);
    assert.deepEqual(addresses('["6380:6379/udp"]'), []);
  });

  it("are all but those whose label says that they are something else; who publishes nothing is told", () => {
    const text = [
      "services:",
      "  m1: { build: ., depends_on: [web], ports: ['6380:6379'], labels: [kvchaos.role=master] }",
      "  s1: { image: redis, ports: ['26380:26379'], labels: { kvchaos.role: sentinel } }",
      "  web: { image: web, ports: ['8080:80'], labels: { kvchaos.role: helper } }",
      "  r1: { image: redis }",
      "  t1: { image: proxy, labels: [kvchaos.role=toxiproxy] }",
    ].join("\n");
    const { servers, unpublished } = serversIn("c.yaml", text, {});
    assert.deepEqual(
      servers.map(({ service }) => service),
      ["m1", "s1"],
    );
    assert.deepEqual(unpublished, ["r1"]);
  });

  it("are refused with line and column where nobody can know them", () => {
    const refused = (ports: string, message: RegExp) =>
      assert.throws(
        () => addresses(ports),
        (error) => error instanceof ChaosError && error.code === "invalid-experiment" && message.test(error.message),
      );
    refused('["6379"]', /^c\.yaml:4:13: port 6379 is published where Docker chooses; expected "HOST_PORT:PORT"/);
    refused("[6379]", /^c\.yaml:4:13: port 6379 is published where Docker chooses/);
    refused('["127.0.0.1::6379"]', /^c\.yaml:4:13: .*where Docker chooses/);
    refused('["6380-6381:6379-6380"]', /^c\.yaml:4:13: port "6380-6381:6379-6380" is not understood/);
    refused('["70000:6379"]', /^c\.yaml:4:13: port 70000:6379: expected 1 to 65535/);
    refused(OWN_PORT.replace(":-6390", ""), /^c\.yaml:4:13: variable PORT is not set/);
    refused("yes", /^c\.yaml:4:12: expected a list of ports, got "yes"/);
    assert.throws(() => serversIn("c.yaml", "a: 1\n", {}), /^ChaosError: c\.yaml:1:1: expected a Compose file/);
  });

  it("are masters of who names them by their service", () => {
    const states = new Map([
      ["127.0.0.1:6380", nodeState({})],
      ["127.0.0.1:6381", nodeState({ role: "replica", masterHost: "m1", masterPort: 6379 })],
    ]);
    assert.deepEqual(topologyOf(states).replicaOf, {});
    const inside = new Map([["m1:6379", "127.0.0.1:6380"]]);
    assert.deepEqual(topologyOf(states, inside).replicaOf, { "127.0.0.1:6381": "127.0.0.1:6380" });
    // By an address that nobody knows it could be either: the port of one on this machine is another thing.
    const other = new Map([
      ["127.0.0.1:6379", nodeState({})],
      ["127.0.0.1:6381", nodeState({ role: "replica", masterHost: "172.18.0.3", masterPort: 6379 })],
    ]);
    const both = new Map([
      ["m1:6379", "127.0.0.1:6379"],
      ["r1:6379", "127.0.0.1:6381"],
    ]);
    assert.deepEqual(topologyOf(other, both).replicaOf, {});
  });
});
