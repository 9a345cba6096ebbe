import assert from "node:assert/strict";
import { bytesText, parseBytes } from "./bytes-text.ts";
import { CORPUS } from "./corpus.ts";
import { inputsOf, wholeOf } from "./inputs.ts";
import { mutations } from "./mutations.ts";
import { shortestPrefix } from "./shortest.ts";

describe("bytes as text", () => {
  it("are read with their escapes, and come back", () => {
    assert.deepEqual(parseBytes("PING\\r\\n\\x00\\xfF\\\\é"), Buffer.from("PING\r\n\0\xff\\\xc3\xa9", "latin1"));
    const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    assert.deepEqual(parseBytes(bytesText(all)), all);
    assert.equal(bytesText(Buffer.from("abcdef"), 3), "abc…(6 bytes)");
  });

  it("with an escape that means nothing are none", () => {
    for (const text of ["\\q", "\\x0", "end\\"]) assert.equal(parseBytes(text), null, text);
  });
});

describe("what raw-bytes sends", () => {
  const none = {
    bytes: null,
    hex: null,
    corpus: null,
    mutations: null,
    seed: 0,
    pipeline: 0,
    place: "inside" as const,
  };

  it("stands before or inside of a pipeline", () => {
    const ping = "*1\r\n$4\r\nPING\r\n";
    const sent = (more: object): string[] =>
      inputsOf({ ...none, ...more }).map((one) => wholeOf(one).toString("latin1"));
    assert.deepEqual(sent({ hex: "0d0a" }), ["\r\n"]);
    assert.deepEqual(sent({ bytes: "\\r\\n", pipeline: 3 }), [`${ping}${ping}\r\n${ping}`]);
    assert.deepEqual(sent({ corpus: ["lone-crlf"], pipeline: 2, place: "before" }), [`\r\n${ping}${ping}`]);
  });

  it("of the corpus can all be read, each once", () => {
    const texts = [...CORPUS.values()].map((text) => parseBytes(text)?.toString("latin1"));
    assert.ok(!texts.includes(undefined) && !texts.includes(""));
    assert.equal(new Set(texts).size, texts.length);
  });

  it("as mutations is the same for the same seed, and none asks for more than the keys of kvchaos", () => {
    const many = mutations(7, 2_000);
    assert.deepEqual(many, mutations(7, 2_000));
    assert.notDeepEqual(many, mutations(8, 2_000));
    assert.ok(new Set(many.map(String)).size > 1_000);
    for (const text of many) {
      assert.ok(text.length > 0 && text.length < 300);
      assert.doesNotMatch(text.toString("latin1"), /FLUSH|SHUTDOWN|DEBUG|CONFIG|SLAVEOF|REPLICAOF/i);
    }
  });
});

describe("the shortest prefix that does harm", () => {
  const deadly = Buffer.from("PING\r\n\r\nPING\r\nPING\r\n");
  const dies = async (bytes: Buffer): Promise<boolean> => bytes.includes("\r\n\r\n");

  it("is found by halves", async () => {
    const found = await shortestPrefix([deadly], dies, () => true);
    assert.deepEqual(
      { ...found, bytes: String(found.bytes) },
      { bytes: "PING\r\n\r\n", exact: true, tries: found.tries },
    );
    assert.ok(found.tries <= 6, `${found.tries} tries`);
  });

  it("is that of the first text that does any", async () => {
    const found = await shortestPrefix([Buffer.from("PING\r\n"), Buffer.from("\r\n\r\n")], dies, () => true);
    assert.equal(String(found.bytes), "\r\n\r\n");
  });

  it("is not exact where time is over, and none where nothing does harm", async () => {
    const short = await shortestPrefix([deadly], dies, (tries) => tries < 2);
    assert.deepEqual([short.exact, short.tries, await dies(short.bytes ?? Buffer.alloc(0))], [false, 2, true]);
    const none = await shortestPrefix([Buffer.from("PING\r\n")], dies, () => true);
    assert.deepEqual(none, { bytes: null, exact: false, tries: 1 });
  });
});
