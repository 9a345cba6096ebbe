import assert from "node:assert/strict";
import { cp, mkdir, mkdtemp, readdir, readFile, realpath, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { runCommand } from "../../base/run-command.ts";
import { compiledMain } from "./compile.mjs";
import { SetupError } from "./ensure-packages.mjs";

const ENTRIES = [
  "cli/main",
  "api",
  "cli/beside/run-process-main",
  "docker/reaper/reaper-main",
  "load/load-thread",
  "watchdog/probes/probe-thread",
];
const MAIN = `import { word } from "../base/word.ts";
export const said: string = word;
export const beside = new URL("words.txt", import.meta.url).href;
export const folder = import.meta.dirname;
export const thread = new URL("./load-thread.mjs", import.meta.url).href;
`;

describe("the program, compiled", () => {
  let root: string;
  const compiled = () => compiledMain(root, () => {});
  const write = (file: string, text: string) => writeFile(path.join(root, file), text);
  /** What a start with the sources as they are now says. */
  const start = async () => {
    const main = await compiled();
    assert.ok(main);
    return (await import(main)) as Record<"said" | "beside" | "folder" | "thread", string>;
  };

  beforeEach(async () => {
    root = await realpath(await mkdtemp(path.join(tmpdir(), "kvchaos-compile-")));
    for (const entry of ENTRIES) {
      await mkdir(path.join(root, "harness", path.dirname(entry)), { recursive: true });
      await write(`harness/${entry}.ts`, "export {};\n");
    }
    await mkdir(path.join(root, "harness/base"));
    await write("package.json", '{ "type": "module" }');
    await write("package-lock.json", "{}");
    await write("harness/cli/main.ts", MAIN);
    await write("harness/base/word.ts", 'export const word = "one";\n');
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  it("is compiled once for the same sources", async () => {
    const first = await compiled();
    const { mtimeMs } = await stat(path.join(root, ".kvchaos/current.json"));
    assert.equal(await compiled(), first);
    assert.equal((await stat(path.join(root, ".kvchaos/current.json"))).mtimeMs, mtimeMs);
  });

  it("follows an edit, and an older file of the same length that comes back", async () => {
    const before = await stat(path.join(root, "harness/base/word.ts"));
    assert.equal((await start()).said, "one");
    await write("harness/base/word.ts", 'export const word = "two";\n');
    assert.equal((await start()).said, "two");
    await write("harness/base/word.ts", 'export const word = "six";\n');
    await utimes(path.join(root, "harness/base/word.ts"), before.atime, new Date(before.mtimeMs - 60_000));
    assert.equal((await start()).said, "six");
    await rm(path.join(root, "harness/base/word.ts"));
    await write("harness/cli/main.ts", 'export const said = "none";\n');
    assert.equal((await start()).said, "none");
  });

  it("leaves the tree of one that runs as it was", async () => {
    const first = await compiled();
    await write("harness/base/word.ts", 'export const word = "two";\n');
    assert.notEqual(await compiled(), first);
    assert.equal((await import(first!)).said, "one");
  });

  it("finds what stands beside its sources, and its threads beside itself", async () => {
    const { beside, folder, thread } = await start();
    assert.equal(fileURLToPath(beside), path.join(root, "harness/cli/words.txt"));
    assert.equal(path.resolve(folder), path.join(root, "harness/cli"));
    assert.equal(fileURLToPath(thread), path.join(root, "harness/cli/load-thread.mjs"));
    await write("harness/base/word.ts", 'export const word = new URL("./load-thread.mjs", import.meta.url).href;\n');
    await write("harness/cli/main.ts", 'export { thread as said } from "../load/host.ts";\n');
    await write("harness/load/host.ts", 'export const thread = new URL("./load-thread.mjs", import.meta.url).href;\n');
    const main = await compiled();
    assert.equal((await start()).said, new URL("load-thread.js", main!).href);
  });

  it("names its sources in the stack of an error", async () => {
    await write("harness/cli/main.ts", "\nexport function main(): void {\n  throw new Error('x');\n}\n");
    const script = `(await import(${JSON.stringify(await compiled())})).main()`;
    const { stderr } = await runCommand(
      [process.execPath, "--enable-source-maps", "--input-type=module", "--eval", script],
      { within: 60_000, accept: [1] },
    );
    assert.match(stderr, /harness\/cli\/main\.ts:3:/);
  });

  it("is made by several at once, each with a whole tree", async () => {
    const compiler = JSON.stringify(new URL("compile.mjs", import.meta.url).href);
    const script = `const { compiledMain } = await import(${compiler});
      const { said } = await import(await compiledMain(${JSON.stringify(root)}, () => {}));
      process.stdout.write(said);`;
    const run = () =>
      runCommand([process.execPath, "--input-type=module", "--eval", script], {
        within: 60_000,
        env: { NODE_OPTIONS: undefined },
      });
    const results = await Promise.all([1, 2, 3, 4].map(run));
    assert.deepEqual(
      results.map(({ stdout }) => stdout),
      ["one", "one", "one", "one"],
    );
    assert.equal((await readdir(path.join(root, ".kvchaos"))).length, 2);
  });

  it("does not care what one that was killed half-way left behind", async () => {
    await mkdir(path.join(root, ".kvchaos/new-1"), { recursive: true });
    await write(".kvchaos/new-1/main.js", "export const sa");
    await write(".kvchaos/current.json", '{"tree":"0123456789abcdef","sources":{"package.json":');
    assert.equal((await start()).said, "one");
  });

  it("is not kept where nothing can be written", async () => {
    await write(".kvchaos", "a file");
    assert.equal(await compiled(), null);
  });

  it("keeps some old trees, not all", async () => {
    for (let i = 0; i < 30; i++) {
      await mkdir(path.join(root, `.kvchaos/${String(i).padStart(16, "0")}`), { recursive: true });
    }
    await compiled();
    assert.equal((await readdir(path.join(root, ".kvchaos"))).length, 20 + 2);
  });

  it("tells where the source is wrong", async () => {
    await write("harness/base/word.ts", "export const word = ;\n");
    await assert.rejects(compiled(), (error) => {
      assert.ok(error instanceof SetupError);
      assert.match(error.message, /harness\/base\/word\.ts:1:21: Unexpected ";"/);
      return true;
    });
  });

  it("is what a package carries, whatever lies around it", async () => {
    const tree = fileURLToPath(new URL(".", (await compiled())!));
    await cp(tree, path.join(root, "dist"), { recursive: true });
    await rm(path.join(root, "package-lock.json"));
    await rm(path.join(root, ".kvchaos"), { recursive: true });
    assert.equal((await start()).said, "one");
    assert.match(await readFile(path.join(root, "dist/main.js"), "utf8"), /sourceMappingURL/);
  });
});
