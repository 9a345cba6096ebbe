import assert from "node:assert/strict";
import { ChaosError } from "../base/chaos-error.ts";
import type { Emit } from "../journal/events.ts";
import type { Reply } from "../resp/reply.ts";
import { RespError } from "../resp/reply.ts";
import { FakeCluster } from "../testing/fake-cluster.support.ts";
import { commandTables } from "./command-table.ts";

describe("the command table of a server", () => {
  const { signal } = new AbortController();
  const told: Parameters<Emit>[0][] = [];
  const emit: Emit = (one) => void told.push(one);
  let cluster: FakeCluster;
  beforeEach(() => {
    told.splice(0);
    cluster = new FakeCluster(["m1"], { r1: "m1" });
  });
  const load = (commands = {}) => ({ name: "any", workload: "commands", commands });
  const answers = (answer: (words: string) => Reply | null) => {
    cluster.node("m1").admin = async (argv) => {
      cluster.said.push(argv.join(" "));
      const reply = answer(argv.join(" "));
      if (reply === null) throw new ChaosError("infrastructure", "ERR unknown command");
      return reply;
    };
  };
  const names = (table: Awaited<ReturnType<typeof commandTables>>) => [
    ...new Set(table.any?.map(({ syntax }) => syntax.name.join(" "))),
  ];

  it("is what COMMAND DOCS says", async () => {
    answers((words) =>
      words === "COMMAND DOCS"
        ? ([
            "get",
            ["group", "string", "arguments", [["name", "key", "type", "key"]]],
            "shutdown",
            ["group", "server"],
          ] as never)
        : null,
    );
    assert.deepEqual(names(await commandTables(cluster, [load()], emit, signal)), ["GET"]);
    assert.deepEqual(told, [
      { type: "command-table", load: "any", node: "m1", source: "command-docs", drawn: { GET: 1 }, left: ["SHUTDOWN"] },
    ]);
  });

  it("is what COMMAND says, with the words that are known here, and none that nobody knows unless it is named", async () => {
    answers((words) =>
      words === "COMMAND"
        ? ([
            ["get", 2, [], 1, 1, 1],
            ["xgroup", -4, [], 2, 2, 1],
            ["odd", 3, [], 1, 1, 1],
          ] as never)
        : null,
    );
    assert.deepEqual(names(await commandTables(cluster, [load()], emit, signal)), [
      "GET",
      "XGROUP CREATE",
      "XGROUP CREATECONSUMER",
      "XGROUP DELCONSUMER",
      "XGROUP DESTROY",
      "XGROUP SETID",
    ]);
    assert.deepEqual(names(await commandTables(cluster, [load({ only: ["ODD"] })], emit, signal)), ["ODD"]);
  });

  it("is what it knows of the commands that are known here, each tried without its words", async () => {
    answers(() => null);
    const asked: string[] = [];
    cluster.answer = (_, argv) => {
      asked.push(argv.join(" "));
      const text = argv[0] === "GET" ? "ERR wrong number of arguments" : "ERR unknown command";
      return { outcome: "fail", error: "ERR", reply: new RespError(text) };
    };
    assert.deepEqual(names(await commandTables(cluster, [load()], emit, signal)), ["GET"]);
    assert.ok(asked.every((words) => !words.includes(" ") && !/^(FLUSH|SHUTDOWN|DEBUG|MONITOR)/.test(words)));
  });

  it("must have what a load names", async () => {
    answers((words) => (words === "COMMAND" ? ([["get", 2, [], 1, 1, 1]] as never) : null));
    await assert.rejects(
      commandTables(cluster, [load({ only: ["GET", "VADD"] })], emit, signal),
      /the load any cannot draw its commands: m1 has no VADD/,
    );
    await assert.rejects(commandTables(cluster, [load({ without: ["GET"] })], emit, signal), /it has nothing to draw/);
  });

  it("is not asked for where no load draws from it", async () => {
    assert.deepEqual(await commandTables(cluster, [{ name: "set", workload: "set" }], emit, signal), {});
    assert.deepEqual(cluster.said, []);
  });
});
