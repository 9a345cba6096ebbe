import assert from "node:assert/strict";
import fc from "fast-check";
import { anyText } from "../testing/samples/any-text.support.ts";
import { CommandWriter, commandHead, digitsOf, Text } from "./command-writer.ts";
import { encodeCommand } from "./encode.ts";

const number = fc.oneof(
  fc.nat(),
  fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  fc.constantFrom(0, 9, 10, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 10 ** 15, Number.MAX_SAFE_INTEGER),
);
const letters = (length: number) => Array.from({ length }, (_, i) => String.fromCharCode(33 + (i % 94))).join("");
const ALL = letters(3000);
const TEXT = new Text(ALL);

/** One argument: how it is written, and what it is. */
const argument = fc.oneof(
  fc.record({ prefix: anyText({ maxLength: 30 }), number }).map(({ prefix, number }) => ({
    write: (to: CommandWriter) => to.numbered(new Text(prefix), number),
    is: `${prefix}${number}`,
  })),
  fc.record({ from: fc.nat(1000), length: fc.nat(2000) }).map(({ from, length }) => ({
    write: (to: CommandWriter) => to.text(TEXT, from, length),
    is: ALL.slice(from, from + length),
  })),
  fc.record({ from: fc.nat(1000), length: fc.nat(2000), number }).map(({ from, length, number }) => ({
    write: (to: CommandWriter) => to.labelled(number, TEXT, from, length),
    is: `${number}:${ALL.slice(from, from + length)}`,
  })),
);

describe("CommandWriter", () => {
  it("writes what any other command is encoded to, however much of it", () => {
    const writer = new CommandWriter();
    fc.assert(
      fc.property(fc.array(fc.array(argument, { maxLength: 6 }), { maxLength: 40 }), (commands) => {
        for (const args of commands) {
          writer.piece(commandHead("NAME", args.length));
          for (const { write } of args) write(writer);
        }
        const wanted = commands.map((args) => encodeCommand(["NAME", ...args.map(({ is }) => is)]));
        assert.deepEqual(Buffer.from(writer.take()), Buffer.concat(wanted));
        assert.equal(writer.length, 0);
      }),
    );
  });

  it("does not touch again what somebody keeps", () => {
    const writer = new CommandWriter();
    writer.piece(commandHead("GET", 0));
    const kept = writer.take();
    writer.leave();
    writer.piece(commandHead("SET", 0));
    assert.deepEqual([kept, writer.take()].map(String), ["*1\r\n$3\r\nGET\r\n", "*1\r\n$3\r\nSET\r\n"]);
  });

  it("counts digits", () => {
    fc.assert(fc.property(number, (one) => assert.equal(digitsOf(one), `${one}`.length)));
  });
});
