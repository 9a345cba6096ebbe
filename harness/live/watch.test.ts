import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { JournalEvent } from "../journal/events.ts";
import { FakeServer } from "../testing/fake-server.support.ts";
import { type Access, discover, nameOf, READ_ONLY_COMMANDS } from "./discover.ts";
import { watch } from "./watch.ts";

const SETTINGS = { hangAfter: 1_000, stallAfter: 5_000, interval: 200, poll: 200, connections: 2, warmUp: 1_000 };
const SECRET = "pa55-of-the-watch";
const ACCESS: Access = { username: "watcher", password: SECRET, sentinelPassword: undefined, tls: undefined };
const LASTS = 4;
const PAGE = new URL("../../docs/watch.md", import.meta.url);

/** Of two words where the first alone says little. */
function nameIn(argv: readonly Buffer[]): string {
  const [first = "", second = ""] = argv.map((word) => word.toString().toUpperCase());
  return ["CLIENT", "CONFIG", "CLUSTER", "SENTINEL"].includes(first) ? `${first} ${second}` : first;
}

describe("watching servers that are there", function () {
  this.timeout(120_000);
  let reports: string;
  const sent = new Set<string>();
  const texts: string[] = [];

  before(async () => {
    reports = await mkdtemp(path.join(tmpdir(), "kvchaos-watch-"));
  });
  after(async () => rm(reports, { recursive: true, force: true }));

  it("tells a server that stops answering, ends when it is told to, and writes nothing to anybody", async () => {
    const [m, r] = [await FakeServer.start(), await FakeServer.start()];
    const stop = new AbortController();
    let mute = false;
    let asked = 0;
    const infos = {
      [m.port]: `redis_version:7\r\nrole:master\r\nmaster_repl_offset:9\r\nslave0:ip=127.0.0.1,port=${r.port},state=online,offset=9,lag=0\r\n`,
      [r.port]: `redis_version:7\r\nrole:slave\r\nmaster_host:127.0.0.1\r\nmaster_port:${m.port}\r\nmaster_link_status:up\r\nslave_repl_offset:9\r\n`,
    };
    for (const server of [m, r]) {
      server.on("*", (argv) => {
        sent.add(nameIn(argv));
        const first = argv[0]?.toString().toUpperCase();
        if (first === "INFO") return Buffer.from(infos[server.port] ?? "");
        if (mute && server === r && first !== "CONFIG" && first !== "AUTH") return { do: "never" };
        // It hangs, and that has been told: asked once a second. It must have lasted for longer than that alone.
        if (first === "CONFIG" && ++asked === LASTS) stop.abort();
        return first === "GET" ? null : first === "PING" ? "PONG" : "OK";
      });
    }
    const end = new AbortController();
    const onEvent = (event: JournalEvent): void => {
      if (event.type === "phase" && event.phase === "watch" && event.step === "begin") mute = true;
    };
    try {
      const { servers, silent } = await discover([m], ACCESS, { follow: true, signal: end.signal });
      assert.deepEqual([servers.map(({ name }) => name), silent], [[nameOf(m), nameOf(r)], []]);
      const { verdict, findings, directory, record } = await watch({
        ...{
          servers,
          silent,
          access: ACCESS,
          limits: [],
          reports,
          command: ["kvchaos", "watch"],
          interrupt: stop.signal,
        },
        settings: { ...SETTINGS, duration: 60_000 },
        live: [{ name: "test", onEvent }],
      });
      assert.equal(verdict, "fail");
      // Its process is the test's own, which nobody can take for hung: what it is called is for real servers to show.
      assert.deepEqual(
        findings.map(({ type, node }) => [type, node]),
        [["hang", nameOf(r)]],
      );
      assert.deepEqual(record.view.replicaOf, { [nameOf(r)]: nameOf(m) });
      texts.push(await readFile(path.join(directory, "journal.jsonl"), "utf8"));
    } finally {
      end.abort();
      await Promise.all([m.stop(), r.stop()]);
    }
    assert.ok(sent.has("CONFIG GET") && sent.has("GET") && sent.has("AUTH"), [...sent].join());
    assert.deepEqual(
      [...sent].filter((name) => !READ_ONLY_COMMANDS.includes(name)),
      [],
    );
    assert.ok(!texts.join("").includes(SECRET));
  });

  it("tells in its page just what it sends", async () => {
    const page = await readFile(PAGE, "utf8");
    const [, asks = ""] = page.split("## What it asks");
    const listed = [...(asks.split("\n## ")[0] ?? "").matchAll(/^\| `([A-Z ]+)` \|/gm)].map(([, name]) => name);
    assert.deepEqual(listed.sort(), [...READ_ONLY_COMMANDS].sort());
  });
});
