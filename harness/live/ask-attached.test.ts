import assert from "node:assert/strict";
import { readAttachText } from "../experiment/attach/attach-file.ts";
import type { AttachedServer } from "../run/attached/attached-servers.ts";
import { foreignKeys } from "../run/attached/keys.ts";
import { FakeServer } from "../testing/fake-server.support.ts";
import { askAttached } from "./ask-attached.ts";

const ACCESS = { username: undefined, password: undefined, sentinelPassword: undefined, tls: undefined };
const READ_ONLY = ["INFO", "SCAN", "PING", "CLIENT"];

describe("servers to attach to", () => {
  let server: FakeServer;
  let keyspace = "";
  let keys: string[][] = [[]];
  beforeEach(async () => {
    server = await FakeServer.start();
    keyspace = "";
    keys = [[]];
    server.on("INFO", (argv) =>
      Buffer.from(argv[1]?.toString() === "keyspace" ? keyspace : "redis_version:7.0.15\r\nrole:master\r\n"),
    );
    server.on("SCAN", (argv) => {
      const at = Number(argv[1]);
      return [String(at + 1 < keys.length ? at + 1 : 0), keys[at] ?? []];
    });
  });
  afterEach(() => server.stop());

  const ask = async (role: string): Promise<AttachedServer | undefined> => {
    const text = `nodes:\n  m1: { at: "127.0.0.1:${server.port}", role: master }\n`.replace(
      "role: master",
      `role: ${role}`,
    );
    const more = role === "master" ? "" : `  m2: { at: "127.0.0.1:1", role: master }\n`;
    const file = readAttachText(text + more, "a.yaml");
    return (await askAttached(file, ACCESS, new AbortController().signal)).servers.get("m1");
  };

  it("are asked who they are, and nothing is written", async () => {
    const found = await ask("master");
    assert.deepEqual([found?.state.role, found?.version], ["master", "7.0.15"]);
    await assert.rejects(ask("replica"), /ECONNREFUSED/);
    assert.deepEqual(
      [...server.received.keys()].filter((name) => !READ_ONLY.includes(name)),
      [],
    );
  });

  it("have keys of others where one is not ours, is in another database, or cannot be seen", async () => {
    const found = (await ask("master")) as AttachedServer;
    const foreign = () => foreignKeys({ ...found, name: "m1" }, "kvchaos:", ACCESS);
    assert.equal(await foreign(), null);
    keys = [["kvchaos:a"], [], ["kvchaos:b"]];
    assert.equal(await foreign(), null);
    keys = [["kvchaos:a"], ["user:1"]];
    assert.match((await foreign()) ?? "", /has keys that do not begin with "kvchaos:"/);
    keys = [[]];
    keyspace = "# Keyspace\r\ndb0:keys=1,expires=0\r\ndb3:keys=7,expires=0\r\n";
    assert.match((await foreign()) ?? "", /has 7 keys in database 3/);
    keyspace = "";
    server.on("SCAN", () => ({ do: "close" }));
    assert.match((await foreign()) ?? "", /could not be seen/);
  });
});
