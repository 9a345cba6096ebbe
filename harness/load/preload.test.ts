import assert from "node:assert/strict";
import { ChaosError } from "../base/chaos-error.ts";
import { until } from "../base/deadline.ts";
import type { JournalEvent } from "../journal/events.ts";
import type { PreloadSpec } from "../journal/plan.ts";
import { RespError } from "../resp/reply.ts";
import { FakeServer } from "../testing/fake-server.support.ts";
import { preload, preloadKey } from "./preload.ts";

const SPEC: PreloadSpec = {
  keys: 1003,
  value: { min: 80, max: 160 },
  types: ["string", "list", "set", "zset", "hash"],
};

describe("preload", () => {
  let server: FakeServer;
  let written: Map<string, string>;
  let notes: string[];

  beforeEach(async () => {
    server = await FakeServer.start();
    written = new Map();
    notes = [];
    server.on("*", (argv) => {
      written.set(String(argv[1]), argv.join(" "));
      return "OK";
    });
  });
  afterEach(() => server.stop());

  function run(seed = "s", within = 20_000, nodes = ["m1"], signal = new AbortController().signal, spec = SPEC) {
    const targets = nodes.map((node) => ({ node, host: server.host, port: server.port }));
    const emit = (event: Partial<JournalEvent>) => void (event.type === "note" && notes.push(event.text ?? ""));
    return preload({ spec, targets, seed, emit, signal, within });
  }

  it("writes every key once, each type its share, and closes its connections", async () => {
    assert.deepEqual(await run(), { keys: 1003 });
    assert.equal(written.size, 1003);
    const counts = ["SET", "RPUSH", "SADD", "ZADD", "HMSET"].map((name) => server.count(name));
    assert.deepEqual(counts, [201, 201, 201, 200, 200]);
    assert.match(notes.join(), /1003 keys .* on m1/);
    await until({ what: "the sockets' end", within: 60_000 }, () => server.open === 0);
  });

  it("writes the same bytes for the same seed and node, and others otherwise", async () => {
    const dataset = async (seed: string, node: string) => {
      written.clear();
      await run(seed, 20_000, [node]);
      return [...written.values()].sort();
    };
    const first = await dataset("a", "m1");
    assert.deepEqual(await dataset("a", "m1"), first);
    assert.notDeepEqual(await dataset("b", "m1"), first);
    assert.notDeepEqual(await dataset("a", "m2"), first);
  });

  it("gives a share of the keys a time to live", async () => {
    const lives: number[] = [];
    server.on("PEXPIRE", ([, key, ms]) => {
      assert.match(`${key}`, /^preload:/);
      lives.push(Number(ms));
      return 1;
    });
    await run("s", 20_000, ["m1"], undefined, { ...SPEC, ttl: { of: { min: 5_000, max: 9_000 }, share: 0.3 } });
    assert.ok(lives.length > 250 && lives.length < 350, `${lives.length}`);
    assert.ok(lives.every((ms) => ms >= 5_000 && ms <= 9_000));
  });

  it("puts keys of every type under each of a master's tags, in turn", async () => {
    const targets = [{ node: "m1", host: server.host, port: server.port }];
    const signal = new AbortController().signal;
    const tags = (node: string) => [`{${node}a}`, `{${node}b}`, `{${node}c}`];
    const spec: PreloadSpec = { ...SPEC, keys: 12, types: ["string", "hash"] };
    await preload({ spec, targets, seed: "s", emit: () => {}, tags, signal, within: 20_000 });
    const keys = Array.from({ length: 12 }, (_, n) => preloadKey(spec, tags("m1"), n));
    assert.deepEqual([...written.keys()].sort(), [...keys].sort());
    assert.deepEqual(keys.slice(0, 7), [
      ...["{m1a}preload:string:0", "{m1a}preload:hash:1", "{m1b}preload:string:2", "{m1b}preload:hash:3"],
      ...["{m1c}preload:string:4", "{m1c}preload:hash:5", "{m1a}preload:string:6"],
    ]);
  });

  it("fills every master", async () => {
    assert.deepEqual(await run("s", 20_000, ["m1", "m2"]), { keys: 2006 });
    assert.equal(server.count(), 2006);
  });

  it("names node, command and error when a reply is an error, and writes nothing more", async () => {
    server.on("SADD", () => new RespError("OOM command not allowed"));
    await assert.rejects(run(), (error) => {
      assert.ok(error instanceof ChaosError);
      assert.match(error.message, /SADD preload:set:\d+ on m1 failed: OOM command not allowed/);
      return true;
    });
    await until({ what: "the sockets' end", within: 60_000 }, () => server.open === 0);
    assert.ok(server.count() <= 512);
  });

  it("ends at its deadline and on abort when the server does not answer", async () => {
    server.freeze();
    await assert.rejects(run("s", 100), (error) => error instanceof ChaosError && error.code === "timeout");
    const controller = new AbortController();
    const reason = new ChaosError("interrupted", "Ctrl-C");
    const running = run("s", 20_000, ["m1"], controller.signal);
    await until({ what: "connections", within: 60_000 }, () => server.open >= 4);
    controller.abort(reason);
    await assert.rejects(running, reason);
  });
});
