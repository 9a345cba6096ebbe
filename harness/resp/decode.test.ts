import assert from "node:assert/strict";
import fc from "fast-check";
import { ChaosError } from "../base/chaos-error.ts";
import { encodeReply } from "../testing/fake-server.support.ts";
import { anyText } from "../testing/samples/any-text.support.ts";
import { Decoder } from "./decode.ts";
import { encodeCommand } from "./encode.ts";
import { type Reply, RespError } from "./reply.ts";

const line = fc.string({ unit: "grapheme", maxLength: 40 }).map((s) => s.replace(/[\r\n]/g, "_"));
const small = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes));
/** Both sides of the size from which on a value shares its chunk's memory. */
const bulk = fc.oneof(small, fc.constantFrom(Buffer.alloc(4095, 13), Buffer.alloc(4096, 10), Buffer.alloc(9000, 36)));
const reply: fc.Arbitrary<Reply> = fc.letrec<{ reply: Reply }>((tie) => ({
  reply: fc.oneof(
    { depthSize: "small" },
    line,
    bulk,
    fc.maxSafeInteger(),
    fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }).chain((n) => fc.constantFrom(n, -n)),
    fc.constant(null),
    line.map((message) => new RespError(`ERR ${message}`)),
    fc.array(tie("reply") as fc.Arbitrary<Reply>, { maxLength: 5 }),
  ) as fc.Arbitrary<Reply>,
})).reply;

function decodeAll(bytes: Buffer, cuts: readonly number[]): Reply[] {
  const decoder = new Decoder();
  const replies: Reply[] = [];
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    decoder.push(bytes.subarray(from, cut));
    for (let one = decoder.next(); one !== undefined; one = decoder.next()) replies.push(one);
    from = cut;
  }
  return replies;
}

function refuses(bytes: string, about: RegExp, limits = {}): void {
  const decoder = new Decoder(limits);
  decoder.push(Buffer.from(bytes, "latin1"));
  for (let time = 0; time < 2; time++) {
    assert.throws(
      () => {
        while (decoder.next() !== undefined);
      },
      (error) => error instanceof ChaosError && about.test(error.message),
    );
  }
}

describe("Decoder", () => {
  it("gives the same replies wherever the stream is cut", () => {
    fc.assert(
      fc.property(fc.array(reply, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 12 }), (replies, marks) => {
        const bytes = Buffer.concat(replies.map(encodeReply));
        const cuts = marks.map((mark) => mark % (bytes.length + 1)).sort((a, b) => a - b);
        assert.deepEqual(decodeAll(bytes, cuts), replies);
      }),
      { numRuns: 150 },
    );
  });

  it("gives the same replies from memory that is used again for every chunk", () => {
    fc.assert(
      fc.property(fc.array(reply, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 12 }), (replies, marks) => {
        const bytes = Buffer.concat(replies.map(encodeReply));
        const memory = Buffer.alloc(bytes.length);
        // What is a reply of its own is only looked at, here as text, before the memory changes.
        const decoder = new Decoder({ toBulk: (chunk, from, to) => chunk.toString("latin1", from, to) });
        const decoded: Reply[] = [];
        let from = 0;
        for (const cut of [...marks.map((mark) => mark % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]) {
          decoder.push(memory.subarray(0, bytes.copy(memory, 0, from, cut)));
          for (let one = decoder.next(); one !== undefined; one = decoder.next()) decoded.push(one);
          decoder.release();
          memory.fill(0);
          from = cut;
        }
        assert.deepEqual(
          decoded,
          replies.map((one) => (Buffer.isBuffer(one) ? one.toString("latin1") : one)),
        );
      }),
      { numRuns: 150 },
    );
  });

  it("gives the same replies byte by byte", () => {
    const replies: Reply[] = [
      "OK",
      0,
      -1,
      2n ** 62n,
      null,
      [],
      [[["x"], null], Buffer.from("\r\n$5\r\n")],
      "",
      Buffer.alloc(0),
    ];
    const bytes = Buffer.concat(replies.map(encodeReply));
    const everywhere = Array.from({ length: bytes.length }, (_, i) => i);
    assert.deepEqual(decodeAll(bytes, everywhere), replies);
  });

  it("reads back any command that encodeCommand wrote", () => {
    const argument = fc.oneof(small, anyText(), fc.integer(), fc.double({ noNaN: true }));
    fc.assert(
      fc.property(fc.array(argument, { minLength: 1, maxLength: 6 }), (argv) => {
        const [value] = decodeAll(encodeCommand(argv), []);
        const wanted = argv.map((arg) => (Buffer.isBuffer(arg) ? arg : Buffer.from(String(arg))));
        assert.deepEqual(value, wanted);
      }),
      { numRuns: 60 },
    );
    assert.throws(() => encodeCommand([]), { code: "internal" });
  });

  it("reads null arrays and null bulk strings", () => {
    assert.deepEqual(decodeAll(Buffer.from("*-1\r\n$-1\r\n*2\r\n$-1\r\n*-1\r\n"), []), [null, null, [null, null]]);
  });

  it("keeps values apart from the chunk they came in", () => {
    const bytes = encodeReply(Buffer.from("secret"));
    const decoder = new Decoder();
    decoder.push(bytes);
    const value = decoder.next();
    bytes.fill(0);
    assert.deepEqual(value, Buffer.from("secret"));
  });

  // Joined for every chunk, 128 GB would be copied: this would not end before mocha's deadline.
  it("joins a big bulk string once, not once per chunk", () => {
    const decoder = new Decoder();
    const size = 64 * 1024 * 1024;
    decoder.push(Buffer.from(`$${size}\r\n`));
    const chunk = Buffer.alloc(16 * 1024, 120);
    for (let sent = 0; sent < size; sent += chunk.length) {
      decoder.push(chunk);
      assert.equal(decoder.next(), undefined);
    }
    decoder.push(Buffer.from("\r\n"));
    assert.equal((decoder.next() as Buffer).length, size);
  });

  it("refuses what is not RESP, and goes on refusing", () => {
    refuses("HTTP/1.1 400\r\n", /begins with byte 0x48/);
    refuses("$3\r\nabcd\r\n", /does not end with CR LF/);
    refuses(":12a\r\n", /not an integer/);
    refuses(":\r\n", /not an integer/);
    refuses("$-2\r\n", /length -2/);
    refuses("+a\rb\r\n", /carriage return without/);
    refuses("+a\nb", /line feed without/);
    refuses(`+${"x".repeat(70_000)}`, /line longer/);
  });

  it("refuses what is larger or deeper than its limits before reading it", () => {
    refuses("$11\r\n", /bulk string of length 11 \(limit 10\)/, { bulk: 10 });
    refuses("*4\r\n", /array of length 4/, { elements: 3 });
    refuses("*1\r\n".repeat(4), /nested deeper than 3/, { depth: 3 });
    refuses("$99999999999999999999999\r\n", /./);
  });
});
