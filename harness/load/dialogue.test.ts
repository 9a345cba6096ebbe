import assert from "node:assert/strict";
import { seededRandom } from "../base/random.ts";
import type { OperationFields } from "../history/format.ts";
import { KIND, NOTHING, OUTCOME } from "../journal/history.ts";
import type { LoadSpec } from "../journal/plan.ts";
import { CommandWriter } from "../resp/command-writer.ts";
import { Decoder } from "../resp/decode.ts";
import { type Reply, RespError } from "../resp/reply.ts";
import { CellValues, writeNumbers } from "./cell-values.ts";
import { chooseCommands } from "./commands/choice.ts";
import { commonSyntax } from "./commands/lines.ts";
import { Dialogue } from "./dialogue.ts";
import { workloadNamed } from "./workloads/registry.ts";
import { type Ending, OutOfStep } from "./workloads/workload.ts";

const SPEC: LoadSpec = {
  ...{ name: "tx", workload: "transaction", on: "masters", via: "link", connections: 1, pipeline: 1, rate: null },
  ...{ keys: 5, keyPrefix: "tx:", value: { min: 20, max: 20 }, elements: 3, timeout: 1000, record: true, wait: null },
};
type Server = (argv: string[]) => Reply;

/** Has so many operations with a server that is a function; what was said, how they ended, and what was recorded. */
function talk(server: Server, operations: number, workload = "transaction") {
  const values = new CellValues("group", SPEC.value);
  const foreign: string[] = [];
  const writes = writeNumbers(values, { index: 0, of: 1 }, (reply) => {
    const value = values.read(reply);
    return typeof value === "number" ? value : -foreign.push(value);
  });
  const rows: OperationFields[] = [];
  const log = {
    node: 1,
    nodeNumber: () => 2,
    nextClient: () => 7,
    add: (row: OperationFields) => void rows.push({ ...row }),
  };
  const dialogue = new Dialogue(workloadNamed(workload).talk!(SPEC, seededRandom("t"), writes, [])(), log);
  const said: string[][] = [];
  const endings: Ending[] = [];
  const writer = new CommandWriter();
  for (let time = 0; time < operations; time++) {
    dialogue.begin(writer, time);
    for (let ending: Ending | undefined; ending === undefined; ) {
      const commands = decoded(writer);
      assert.ok(commands.length > 0, "nothing is said, and the operation does not end");
      said.push(...commands);
      for (const argv of commands) ending = dialogue.heard(server(argv), writer);
      if (ending === undefined) continue;
      endings.push(ending);
      dialogue.over(ending, time + 0.5);
    }
  }
  return { said, endings, rows, foreign, values };
}

function decoded(writer: CommandWriter): string[][] {
  const decoder = new Decoder();
  decoder.push(Buffer.from(writer.take()));
  const commands: string[][] = [];
  for (let one = decoder.next(); one !== undefined; one = decoder.next()) commands.push((one as Buffer[]).map(String));
  return commands;
}

/** A server with transactions. @param exec what it says to EXEC, by number, instead */
function store(exec: (number: number) => Reply | undefined = () => undefined): Server {
  const data = new Map<string, string>();
  let [queue, number]: [string[][] | null, number] = [null, 0];
  const run = ([name, key = "", value = ""]: string[]): Reply => {
    if (name === "SET") data.set(key, value);
    if (name === "SET") return "OK";
    const held = data.get(key);
    return held === undefined ? null : Buffer.from(held);
  };
  return (argv) => {
    const [name = ""] = argv;
    if (name === "MULTI") queue = [];
    if (name === "MULTI" || name === "WATCH") return "OK";
    const queued = queue;
    if (name === "EXEC" || name === "DISCARD") queue = null;
    if (name === "DISCARD") return "OK";
    if (name === "EXEC") {
      const other = exec(number++);
      return other === undefined ? (queued ?? []).map(run) : other;
    }
    if (!queued) return run(argv);
    queued.push(argv);
    return "QUEUED";
  };
}

describe("operations of several commands", () => {
  it("a transaction is one operation: all keys of its group get one value", () => {
    const { said, rows, endings, foreign } = talk(store(), 400);
    assert.equal(rows.length, 400);
    assert.deepEqual(foreign, []);
    const names = new Set(said.map(([name]) => name));
    assert.deepEqual([...names].sort(), ["DISCARD", "EXEC", "GET", "MULTI", "SET", "WATCH"]);
    const done = rows.filter(({ kind, outcome }) => kind === KIND.write && outcome === OUTCOME.ok);
    const sets = said.filter(([name]) => name === "SET");
    for (const { cell, value } of done.slice(0, 20)) {
      const own = sets.filter(([, , text]) => text?.startsWith(`${value}:`)).map(([, key]) => key);
      assert.deepEqual(
        own,
        [0, 1, 2].map((part) => `tx:${cell}:${part}`),
      );
    }
    assert.ok(
      rows.every(({ node, client, invoked, completed }) => node === 1 && client === 7 && completed === invoked + 0.5),
    );
    // What a read finds is what the last write before it has left.
    const last = new Map<number, number>();
    for (const { cell, kind, outcome, value } of rows) {
      if (kind === KIND.read && outcome === OUTCOME.ok) assert.equal(value, last.get(cell) ?? NOTHING);
      if (kind === KIND.write && outcome === OUTCOME.ok) last.set(cell, value);
    }
    assert.ok(endings.includes("nothing") && endings.includes("ok"));
  });

  it("knows what became of it: done, not done, or perhaps in part", () => {
    const refused = new RespError("EXECABORT Transaction discarded");
    const partly: Reply = ["OK", new RespError("OOM no"), "OK"];
    const { rows, endings } = talk(
      store((n) => [undefined, null, refused, partly][n % 4]),
      200,
    );
    const outcomes = new Map<Ending | string, Set<number>>();
    endings.forEach((ending, i) => {
      const name = ending instanceof RespError ? ending.code : ending;
      outcomes.set(name, (outcomes.get(name) ?? new Set()).add(rows[i]?.outcome as number));
    });
    assert.deepEqual([...(outcomes.get("ok") ?? [])], [OUTCOME.ok]);
    assert.deepEqual([...(outcomes.get("nothing") ?? [])], [OUTCOME.fail]);
    assert.deepEqual([...(outcomes.get("EXECABORT") ?? [])], [OUTCOME.fail]);
    assert.deepEqual([...(outcomes.get("partly") ?? [])], [OUTCOME.info]);
  });

  it("says nothing that would be done outside of a transaction that was refused", () => {
    const { said, rows } = talk(([name]) => (name === "MULTI" ? new RespError("LOADING no") : "OK"), 50);
    assert.ok(said.every(([name]) => name === "MULTI" || name === "WATCH" || name === "GET"));
    assert.ok(rows.every(({ outcome }) => outcome === OUTCOME.fail));
  });

  it("finds keys that differ", () => {
    const { rows, foreign } = talk(
      store((n) => [Buffer.from("1:x"), null, n % 2 ? null : Buffer.from("x")]),
      40,
    );
    const reads = rows.filter(({ kind, outcome }) => kind === KIND.read && outcome === OUTCOME.ok);
    assert.ok(reads.length > 3 && reads.every(({ value }) => value < 0));
    assert.ok(foreign.includes("1:x in 0; nothing in 1, 2"), foreign.join());
  });

  it("that did not happen because of its keys' slot is had once more, the same; what may have happened is not", () => {
    const moved = new RespError("MOVED 1 10.0.0.2:6379");
    const values = new CellValues("group", SPEC.value);
    const writes = writeNumbers(values, { index: 0, of: 1 }, () => NOTHING);
    const begin = (workload: string) => {
      const dialogue = new Dialogue(workloadNamed(workload).talk!(SPEC, seededRandom("t"), writes, [])(), undefined);
      const writer = new CommandWriter();
      return { dialogue, writer, hear: (reply: Reply) => dialogue.heard(reply, writer) };
    };
    for (const workload of ["transaction", "queue", "stream"]) {
      const { dialogue, writer } = begin(workload);
      for (let i = 0; i < 50; i++) {
        dialogue.begin(writer, i);
        const first = decoded(writer);
        dialogue.again(writer);
        assert.deepEqual(decoded(writer), first);
      }
    }
    // A transaction that was refused.
    const tx = begin("transaction");
    let kind: string | undefined;
    while (kind !== "SET") {
      tx.dialogue.begin(tx.writer, 0);
      for (const _ of decoded(tx.writer)) tx.hear("OK");
      const told = decoded(tx.writer);
      kind = told.at(-1)?.[0] === "EXEC" ? told[0]?.[0] : undefined;
    }
    for (const reply of ["QUEUED", moved, "QUEUED"]) assert.equal(tx.hear(reply), undefined);
    const ending = tx.hear(new RespError("EXECABORT Transaction discarded"));
    assert.ok(ending instanceof RespError);
    assert.equal(tx.dialogue.refusal(ending), moved);
    assert.equal(tx.dialogue.refusal("partly"), undefined);
    assert.equal(tx.dialogue.refusal("ok"), undefined);
    tx.dialogue.again(tx.writer);
    assert.equal(tx.dialogue.refusal(ending), undefined, "of the attempt before");
  });

  it("is unknown when its connection ends", () => {
    const rows: OperationFields[] = [];
    const log = {
      node: 0,
      nodeNumber: () => 2,
      nextClient: () => 0,
      add: (row: OperationFields) => void rows.push({ ...row }),
    };
    const writes = writeNumbers(new CellValues("group", SPEC.value), { index: 0, of: 1 }, () => NOTHING);
    const dialogue = new Dialogue(workloadNamed("transaction").talk!(SPEC, seededRandom("t"), writes, [])(), log);
    dialogue.begin(new CommandWriter(), 3);
    dialogue.lost();
    assert.deepEqual([rows[0]?.outcome, rows[0]?.invoked, rows[0]?.completed], [OUTCOME.info, 3, Number.NaN]);
  });

  describe("of commands that are drawn", () => {
    const table = chooseCommands(commonSyntax, { only: ["GET", "SET"] }).drawn;
    const begin = () => {
      const writes = writeNumbers(new CellValues("string", SPEC.value), { index: 0, of: 1 }, () => NOTHING);
      const spec = { ...SPEC, workload: "commands", record: false };
      const dialogue = new Dialogue(
        workloadNamed("commands").talk!(spec, seededRandom("t"), writes, table)(),
        undefined,
      );
      const writer = new CommandWriter();
      dialogue.begin(writer, 1);
      const [command, echo] = decoded(writer);
      return { dialogue, command, token: echo?.[1] ?? "", hear: (reply: Reply) => dialogue.heard(reply, writer) };
    };

    it("is in step when what follows each is its own", () => {
      const { command, token, hear, dialogue } = begin();
      assert.ok(command?.[0] === "GET" || command?.[0] === "SET");
      assert.equal(dialogue.command, command[0]);
      assert.equal(hear("OK"), undefined);
      assert.equal(hear(Buffer.from(token)), "ok");
    });

    it("is out of step when another's reply comes in its place", () => {
      const { hear } = begin();
      hear("OK");
      const ending = hear(Buffer.from("another"));
      assert.ok(ending instanceof OutOfStep);
      assert.match(ending.message, /kvchaos:0 was to come behind the reply to (GET|SET), and "another" came/);
    });

    it("is out of step when there is no reply at all", () => {
      const { hear, token } = begin();
      const ending = hear(Buffer.from(token));
      assert.ok(ending instanceof OutOfStep);
      assert.match(ending.message, /^(GET|SET) got no reply$/);
    });

    it("tells what is wrong with a command from what is wrong with the server", () => {
      for (const [text, service] of [
        ["WRONGTYPE Operation against a key", false],
        ["ERR value is not an integer or out of range", false],
        ["READONLY You can't write against a read only replica.", true],
        ["LOADING Redis is loading the dataset in memory", true],
        ["ERR Server is loading", true],
      ] as const) {
        const { hear, token } = begin();
        hear(new RespError(text));
        const ending = hear(Buffer.from(token));
        assert.equal(ending instanceof RespError, service, text);
        if (!service) assert.equal(ending, "nothing");
      }
      // A server that answers nobody answers ECHO neither.
      const { hear } = begin();
      hear(new RespError("NOAUTH Authentication required."));
      assert.ok(hear(new RespError("NOAUTH Authentication required.")) instanceof RespError);
    });
  });
});
