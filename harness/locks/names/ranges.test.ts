import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { seededRandom } from "../../base/random.ts";
import { compile } from "../../testing/program.support.ts";
import { lockGraphOf } from "../../testing/programs/lock-graph.support.ts";
import { missingForLibrary } from "../library/make-library.ts";
import { GraphNames } from "./graph-names.ts";
import { readProgramFile } from "./program-file.ts";
import { rangesOf } from "./ranges.ts";

const OPTIONS = { within: 30_000 };

describe("where functions are in a file", function () {
  this.timeout(600_000);
  let program: { path: string; remove(): Promise<void> } | null = null;
  let folder: string;

  before(async function () {
    folder = await mkdtemp(path.join(tmpdir(), "kvchaos-ranges-"));
    program = missingForLibrary() === null ? await compile("lock-names.cpp") : null;
    if (program === null) this.skip();
  });
  after(async () => {
    await program?.remove();
    await rm(folder, { recursive: true, force: true });
  });

  const namesOf = async (pattern: string): Promise<string[]> => {
    const ranges = await rangesOf(pattern, program?.path ?? "", OPTIONS);
    for (const { from, to } of ranges) assert.ok(from > 0 && to > from);
    return [...new Set(ranges.map((range) => range.function))].sort();
  };

  it("a name is that of every namespace, whatever the parameters", async () => {
    assert.deepEqual(await namesOf("Close"), ["shop::Close"]);
    assert.deepEqual(await namesOf("shop::Close"), ["shop::Close"]);
    assert.deepEqual(await namesOf("Lock"), ["rocksdb::port::Mutex::Lock", "shop::Lock"]);
    assert.deepEqual(await namesOf("Mutex::Lock"), ["rocksdb::port::Mutex::Lock"]);
    assert.deepEqual(await namesOf("shop::Sell<int>(std::string const&, int)"), ["shop::Sell"]);
    assert.deepEqual(await namesOf("Clerk::Count"), ["shop::(anonymous namespace)::Clerk::Count"]);
    assert.deepEqual(await namesOf("main"), ["main"]);
  });

  it("stars stand for anything", async () => {
    assert.deepEqual(await namesOf("shop::*ell"), ["shop::Sell"]);
    assert.deepEqual(await namesOf("port::Mutex::*"), ["rocksdb::port::Mutex::Lock", "rocksdb::port::Mutex::Unlock"]);
  });

  it("what is not there is told with what is like it", async () => {
    await assert.rejects(namesOf("shop::Colse"), /no such function: "shop::Colse"; nearest names: shop::Close/);
    await assert.rejects(namesOf("store::Sell"), /no such function: "store::Sell"; nearest names: shop::Sell/);
    await assert.rejects(namesOf("(((*"), /no such function/);
    await assert.rejects(namesOf("\u001b[2J"), /no such function: "\\x1b\[2J"/);
    const script = path.join(folder, "script");
    await writeFile(script, "#!/bin/sh\n");
    await assert.rejects(rangesOf("main", script, OPTIONS), /script has no names of functions/);
  });

  it("the call sites of a lock lie in the ranges of the functions that take it", async () => {
    const file = program?.path ?? "";
    const graph = await lockGraphOf(file);
    const names = new GraphNames(graph, { ...OPTIONS, fetchFile: async (name) => name });
    const calls = graph.dependencies.map(({ wants, stack }) => ({ site: wants.site, stack }));
    for (const { site, caller } of await names.places(calls)) {
      const { function: name, offset } = caller ?? site;
      if (name?.includes("lambda")) continue;
      const ranges = await rangesOf(name ?? "", file, OPTIONS);
      assert.ok(
        ranges.some(({ from, to }) => offset > from && offset <= to),
        `${name} ${offset}`,
      );
    }
  });

  it("a file that is cut off or lies about itself has fewer names, or none", async () => {
    const bytes = await readFile(program?.path ?? "");
    const random = seededRandom("lies");
    const broken = path.join(folder, "broken");
    for (let i = 0; i < 60; i++) {
      const copy = Buffer.from(i % 3 === 0 ? bytes.subarray(0, Math.floor(random.next() * bytes.length)) : bytes);
      for (let n = 0; n < 40 && copy.length > 64; n++)
        copy[4 + Math.floor(random.next() * 60)] = Math.floor(random.next() * 256);
      copy.writeUInt16LE(0x0102, 4);
      await writeFile(broken, copy);
      const file = await readProgramFile(broken);
      for (const { address } of file?.functions ?? []) file?.offsetOf(address);
    }
  });
});
