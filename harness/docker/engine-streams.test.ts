import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { FrameSplitter, jsonLines, LogSplitter } from "./engine-streams.ts";

function frame(stream: 1 | 2, payload: string | Buffer): Buffer {
  const bytes = Buffer.from(payload);
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(bytes.length, 4);
  return Buffer.concat([header, bytes]);
}

const at = (n: number) => `2026-01-02T03:04:05.00000000${n}Z`;

describe("frames of logs and exec", () => {
  const bytes = Buffer.concat([frame(1, "one"), frame(2, ""), frame(2, "two\n"), frame(1, "three")]);

  it("are found wherever the stream is cut", () => {
    for (let size = 1; size <= bytes.length; size++) {
      const splitter = new FrameSplitter();
      const found: string[] = [];
      for (let i = 0; i < bytes.length; i += size) {
        for (const { stream, payload } of splitter.push(bytes.subarray(i, i + size)))
          found.push(`${stream} ${payload}`);
      }
      assert.deepEqual(found, ["stdout one", "stderr ", "stderr two\n", "stdout three"]);
    }
  });
});

describe("log lines", () => {
  const read = (...frames: Buffer[]) => {
    const splitter = new LogSplitter();
    return [...frames.flatMap((bytes) => splitter.push(bytes)), ...splitter.end()];
  };

  it("carry the daemon's time of their first piece, and each stream has its own", () => {
    const lines = read(frame(1, `${at(1)} a\n`), frame(2, `${at(2)} b\n`), frame(1, `${at(3)} c`));
    assert.deepEqual(lines, [
      { text: "a", at: at(1), stream: "stdout" },
      { text: "b", at: at(2), stream: "stderr" },
      { text: "c", at: at(3), stream: "stdout" },
    ]);
  });

  it("that Docker cut into pieces are joined, without the pieces' times", () => {
    const lines = read(frame(1, `${at(1)} long `), frame(2, `${at(2)} other\n`), frame(1, `${at(3)} line\n`));
    assert.deepEqual(lines.map(({ text }) => text).sort(), ["long line", "other"]);
    assert.equal(lines.find(({ stream }) => stream === "stdout")?.at, at(1));
  });

  it("keep a character that a cut divided, an empty line, and lose a carriage return", () => {
    const euro = Buffer.from("€");
    const first = Buffer.concat([Buffer.from(`${at(1)} `), euro.subarray(0, 1)]);
    const second = Buffer.concat([Buffer.from(`${at(2)} `), euro.subarray(1), Buffer.from("\r\n")]);
    assert.deepEqual(
      read(frame(1, first), frame(1, second), frame(1, `${at(3)} \n`)).map(({ text }) => text),
      ["€", ""],
    );
  });

  it("that look like a time in the middle are left alone", () => {
    assert.equal(read(frame(1, `${at(1)} ${at(2)} said\n`))[0]?.text, `${at(2)} said`);
  });

  it("are capped at 64 KiB, and the next line is whole again", () => {
    const pieces = Array.from({ length: 5 }, (_, i) => frame(1, `${at(i)} ${"x".repeat(16384)}`));
    const [long, next] = read(...pieces, frame(1, `${at(6)} \n`), frame(1, `${at(7)} next\n`));
    assert.equal(long?.text, `${"x".repeat(65536)} …[line cut at 64 KiB]`);
    assert.deepEqual(next, { text: "next", at: at(7), stream: "stdout" });
  });
});

describe("JSON lines", () => {
  it("are read wherever the stream is cut, also the last one without a newline", async () => {
    const bytes = Buffer.from('{"a":"ü"}\n\r\n{"a":2}\n{"a":3}');
    const chunks = Array.from({ length: bytes.length }, (_, i) => bytes.subarray(i, i + 1));
    const found: unknown[] = [];
    for await (const value of jsonLines(Readable.from(chunks, { objectMode: false }))) found.push(value);
    assert.deepEqual(found, [{ a: "ü" }, { a: 2 }, { a: 3 }]);
  });
});
