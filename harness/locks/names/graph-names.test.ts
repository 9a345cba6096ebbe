import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { runCommand } from "../../base/run-command.ts";
import type { LockPlace, LockSite } from "../../journal/prediction.ts";
import { compile } from "../../testing/program.support.ts";
import { lockGraphOf } from "../../testing/programs/lock-graph.support.ts";
import type { Dependency, LockGraph } from "../graph.ts";
import { missingForLibrary } from "../library/make-library.ts";
import { GraphNames, type NameOptions } from "./graph-names.ts";
import { KeptStacks } from "./kept-stacks.ts";

const OPTIONS: NameOptions = { fetchFile: async (file) => file, within: 30_000 };
const WITH_SOURCES = [
  "shop::(anonymous namespace)::Clerk::Count lock-names.cpp:48",
  "shop::Close lock-names.cpp:55",
  "shop::Close lock-names.cpp:56",
  "shop::Hire lock-names.cpp:73",
  "shop::Open lock-names.cpp:33",
  "shop::Open lock-names.cpp:34",
  "shop::Run::{lambda#1} lock-names.cpp:78",
  "shop::Sell lock-names.cpp:40",
];

/** Of the server itself. */
function own({ site, caller }: LockPlace): LockSite {
  return caller ?? site;
}

async function one(names: GraphNames, { wants, stack }: Dependency): Promise<LockSite> {
  const [place] = await names.places([{ site: wants.site, stack }]);
  return own(place ?? assert.fail());
}

describe("names of the places where locks are taken", function () {
  this.timeout(600_000);
  const made: { remove(): Promise<void> }[] = [];
  let empty: string;
  /** The program that was compiled without flags. */
  let plain = "";

  before(async function () {
    if (missingForLibrary() !== null) this.skip();
    empty = await mkdtemp(path.join(tmpdir(), "kvchaos-empty-"));
    made.push({ remove: () => rm(empty, { recursive: true, force: true }) });
  });
  after(() => Promise.all(made.map((one) => one.remove())));

  const graphs = new Map<string, LockGraph>();
  async function graphOf(context: Mocha.Context, ...flags: string[]): Promise<LockGraph> {
    const known = graphs.get(flags.join());
    if (known) return known;
    const program = await compile("lock-names.cpp", flags);
    if (program === null) return context.skip();
    made.push(program);
    if (flags.length === 0) plain = program.path;
    const graph = await lockGraphOf(program.path);
    graphs.set(flags.join(), graph);
    return graph;
  }

  /** Of the program that is compiled without flags, less what binutils' strip takes away: sooner done than another compilation. */
  async function strippedGraph(context: Mocha.Context, ...flags: string[]): Promise<LockGraph> {
    await graphOf(context);
    const folder = await mkdtemp(path.join(path.dirname(plain), "stripped-"));
    const file = path.join(folder, path.basename(plain));
    await runCommand(["strip", ...flags, "-o", file, plain], { within: 60_000 });
    return lockGraphOf(file);
  }

  /** What is known of a file is known by its content: another one, then. */
  const change = (file: string) => runCommand(["sh", "-c", 'echo >> "$1"', "sh", file], { within: 5000 });

  /** Of everything that is wanted but the end of main's own thread, whose moment varies. */
  async function places(graph: LockGraph, options: Partial<NameOptions> = {}): Promise<string[]> {
    const names = new GraphNames(graph, { ...OPTIONS, ...options });
    const sites = await names.places(graph.dependencies.map(({ wants: { site }, stack }) => ({ site, stack })));
    const told = sites
      .map(own)
      .map((site) => `${site.function} ${site.source}`)
      .filter((text) => !text.startsWith("main "));
    return [...new Set(told)].sort();
  }

  for (const [what, ...flags] of [
    ["put into their callers"],
    ["out of line", "-O0"],
    ["in a program at a fixed address", "-no-pie"],
    ["with the C++ library in the program", "-O3", "-static-libstdc++", "-fomit-frame-pointer"],
  ]) {
    it(`wrappers ${what}: the server's own functions and lines are told`, async function () {
      assert.deepEqual(await places(await graphOf(this, ...flags)), WITH_SOURCES);
    });
  }

  it("without debugging information names come from symbols, and of a lambda in what runs it", async function () {
    const graph = await strippedGraph(this, "--strip-debug");
    assert.deepEqual(await places(graph), [
      "shop::(anonymous namespace)::Clerk::Count null",
      "shop::Close null",
      "shop::Hire null",
      "shop::Hire::{lambda#1} null",
      "shop::Open null",
      "shop::Sell null",
    ]);
  });

  it("a stripped program has no names, rather than wrong ones", async function () {
    const graph = await strippedGraph(this);
    assert.deepEqual(await places(graph), ["null null"]);
    const names = new GraphNames(graph, OPTIONS);
    const sites = await names.sites(graph.dependencies.map(({ wants }) => wants.site));
    const modules = [...sites.values()].map(({ site }) => path.basename(site.module).replace(/\.so.*/, ".so"));
    assert.deepEqual([...new Set(modules)].sort(), ["deadlock", "libstdc++.so"]);
    const stacks = await names.stacks(graph.stacks.keys());
    for (const { names: functions, why } of stacks.values()) {
      assert.deepEqual([functions, why], [[], "its program has no names of functions"]);
    }
  });

  it("stacks begin at the call and go down to how the thread began", async function () {
    const graph = await graphOf(this);
    const names = new GraphNames(graph, OPTIONS);
    await names.stacks(graph.stacks.keys());
    const told = new Set<string>();
    for (const { wants, stack } of graph.dependencies) {
      const { frames, names: functions, why } = (await names.stacks([stack ?? 0])).get(stack ?? 0) ?? assert.fail();
      assert.equal(why, null);
      assert.deepEqual(frames[0]?.site, (await names.sites([wants.site])).get(wants.site)?.site);
      told.add(functions.join(" < "));
    }
    assert.deepEqual([...told].sort(), [
      "main",
      "shop::(anonymous namespace)::Clerk::Count < main::{lambda#1}",
      "shop::Close < main::{lambda#1}",
      "shop::Hire < main",
      "shop::Open < main::{lambda#1}",
      "shop::Run::{lambda#1} < shop::Hire::{lambda#1}",
      "shop::Sell < main::{lambda#1}",
    ]);
    assert.deepEqual(names.problems, []);
  });

  it("a lock that is held was taken by a caller as well", async function () {
    const graph = await graphOf(this);
    const names = new GraphNames(graph, OPTIONS);
    const kept = new KeptStacks(graph.dependencies);
    const held = graph.dependencies.flatMap((one) =>
      one.holds.map((use, i) => ({ use, stack: kept.find(one.thread, one.holds.slice(0, i), use) })),
    );
    const sites = await names.places(held.map(({ use: { site }, stack }) => ({ site, stack })));
    assert.deepEqual(
      sites
        .map(own)
        .map((site) => `${site.function} ${site.source}`)
        .sort(),
      ["shop::Close lock-names.cpp:55", "shop::Open lock-names.cpp:33"],
    );
  });

  it("without addr2line and gdb symbols still name functions; stacks say what is missing", async function () {
    const graph = await graphOf(this);
    await change(graph.executable);
    const names = new GraphNames(graph, { ...OPTIONS, folders: empty });
    const own = graph.dependencies.find(({ wants }) => wants.kind === "rwlock") ?? assert.fail();
    // Nothing takes the names of C++ apart then.
    assert.match((await one(names, own)).function ?? "", /Open|Sell/);
    const [stack] = (await names.stacks([own.stack ?? 0])).values();
    assert.deepEqual(stack, { frames: [], names: [], why: "gdb is not installed on this machine" });
    assert.match(names.problems.join(), /deadlock: addr2line is not installed on this machine/);
  });

  it("without binutils gdb takes the names apart", async function () {
    const graph = await strippedGraph(this, "--strip-debug");
    const { stdout } = await runCommand(["sh", "-c", "command -v gdb || true"], { within: 5000 });
    if (stdout.trim() === "") return this.skip();
    const script = `#!/bin/sh\nexec ${stdout.trim()} "$@"\n`;
    const folder = await mkdtemp(path.join(tmpdir(), "kvchaos-gdb-"));
    made.push({ remove: () => rm(folder, { recursive: true, force: true }) });
    await writeFile(path.join(folder, "gdb"), script, { mode: 0o755 });
    await change(graph.executable);
    assert.deepEqual((await places(graph, { folders: folder })).slice(0, 2), [
      "shop::(anonymous namespace)::Clerk::Count null",
      "shop::Close null",
    ]);
  });

  it("a file that cannot be had, and one that is another than the server's, give no names", async function () {
    const graph = await graphOf(this);
    const own = graph.dependencies.find(({ wants }) => wants.kind === "rwlock") ?? assert.fail();
    const gone = new GraphNames(graph, { ...OPTIONS, fetchFile: async () => null });
    assert.equal((await one(gone, own)).function, null);
    assert.deepEqual((await gone.stacks([own.stack ?? 0])).get(own.stack ?? 0)?.frames, []);
    assert.match(gone.problems.join(), /deadlock: it is not there/);
    const refused = new GraphNames(graph, { ...OPTIONS, fetchFile: () => Promise.reject(new Error("no\nroom")) });
    assert.equal((await one(refused, own)).function, null);
    assert.match(refused.problems.join(), /deadlock: no room/);
    const script = new GraphNames(graph, { ...OPTIONS, fetchFile: async () => import.meta.filename });
    assert.equal((await one(script, own)).function, null);
    const [nowhere] = await script.places([{ site: 42, stack: 99 }]);
    assert.deepEqual(nowhere, { site: { module: "", offset: 42, function: null, source: null }, caller: null });
    assert.equal((await script.stacks([99])).get(99)?.why, "none was kept");
  });

  it("names that would take over the terminal, or pass for addr2line's own lines, are data", async function () {
    const program = await compile("lock-names.cpp", ["-g0"]);
    if (program === null) return this.skip();
    made.push(program);
    const hostile = "evil\u001b[2J\n0x0000000000001234\n??:0";
    const rename = ["--redefine-sym", `_ZN4shop4OpenEv=${hostile}`];
    await runCommand(["objcopy", ...rename, program.path], { within: 10_000 });
    const told = await places(await lockGraphOf(program.path));
    assert.ok(told.includes("evil\\x1b[2J\\x0a0x0000000000001234\\x0a??:0 null"), told.join("\n"));
    assert.ok(told.includes("shop::Close null"), told.join("\n"));
  });
});
