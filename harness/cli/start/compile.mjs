import { createHash, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { SetupError } from "./ensure-packages.mjs";

/*
 * TypeScript is compiled once, into a few files of JavaScript, and not at every start.
 *
 *   a package:  dist/ ── made by npm pack ─────────────────────────────────────────────► dist/main.js
 *   a clone:    .kvchaos/current.json ── every source as it was (time, size)? ── yes ──► .kvchaos/<tree>/main.js
 *                                          │ no
 *                                 compiled beside it, renamed into its place
 *
 * A tree is never changed: who runs goes on with its own, whatever is edited, pulled or compiled meanwhile.
 */

/** What is started by itself: the program, its threads, the process that cleans up, and what plug-ins import. */
const ENTRIES = [
  "harness/cli/main.ts",
  "harness/api.ts",
  "harness/cli/beside/run-process-main.ts",
  "harness/docker/reaper/reaper-main.ts",
  "harness/load/load-thread.ts",
  "harness/watchdog/probes/probe-thread.ts",
];
/** Packages of many small files, which take long to find one by one: compiled in. */
const COMPILED_IN = ["dockerode", "ioredis", "tar-stream", "yaml", "zod"];
/** What dockerode loads for its own builds and for ssh:// is more than all the rest: it stays where it is, until it is used. */
const SELDOM = { session: "dockerode/lib/session", ssh: "docker-modem/lib/ssh" };
/** Trees that a clone keeps, for those that still run from them. */
const KEPT = 20;
/** ms that compiling may take before a person is told what they wait for. */
const PATIENCE = 1500;

/**
 * The address of the compiled main.ts, which is compiled first where a source has changed.
 * Null where nothing can be written: then it must be run from its source. Throws SetupError when the source is wrong.
 * @param {string} root folder with package.json
 * @param {(line: string) => void} log told what takes long
 * @returns {Promise<string | null>}
 */
export async function compiledMain(root, log) {
  const packed = join(root, "dist");
  if (!existsSync(join(root, "package-lock.json")) && existsSync(packed)) return addressOfMain(packed);
  const folder = join(root, ".kvchaos");
  const tree = currentTree(root, folder);
  if (tree !== null) return addressOfMain(tree);
  const waiting = setTimeout(() => log("compiling, once for these sources"), PATIENCE);
  try {
    return addressOfMain(await newTree(root, folder));
  } catch (error) {
    if (error.syscall) return null; // A read-only or full disk.
    throw error;
  } finally {
    clearTimeout(waiting);
  }
}

const addressOfMain = (tree) => pathToFileURL(join(tree, "main.js")).href;

/** The tree that was made of the sources as they are now, or null. */
function currentTree(root, folder) {
  try {
    const { tree, sources } = JSON.parse(readFileSync(join(folder, "current.json"), "utf8"));
    const isSame = ([file, state]) => stateOf(join(root, file)) === state;
    const path = join(folder, tree);
    return Object.entries(sources).every(isSame) && existsSync(join(path, "main.js")) ? path : null;
  } catch {
    return null; // There is none yet, or a source is gone.
  }
}

/** Git, editors and copies give a changed file another time or size. */
function stateOf(file) {
  const { mtimeMs, size } = statSync(file);
  return `${mtimeMs} ${size}`;
}

/** Several may do this at once: each makes its own, and one renaming more does no harm. */
async function newTree(root, folder) {
  const making = join(folder, `new-${randomUUID()}`);
  const { sources, hash } = await compile(root, making);
  const tree = join(folder, hash);
  try {
    renameSync(making, tree);
  } catch (error) {
    if (!existsSync(tree)) throw error;
    rmSync(making, { recursive: true, force: true }); // Somebody made the same.
  }
  const record = join(folder, `new-${randomUUID()}.json`);
  writeFileSync(record, JSON.stringify({ tree: hash, sources }));
  renameSync(record, join(folder, "current.json"));
  removeOld(folder, hash);
  return tree;
}

function removeOld(folder, current) {
  const names = readdirSync(folder).filter((name) => /^[0-9a-f]{16}$|^new-/.test(name) && name !== current);
  const age = new Map(
    names.map((name) => [name, statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0]),
  );
  const old = names.sort((a, b) => age.get(b) - age.get(a)).slice(KEPT);
  for (const name of old) rmSync(join(folder, name), { recursive: true, force: true });
}

/**
 * Writes the compiled tree into `out`, a folder that is not there yet.
 * @returns {Promise<{ sources: Record<string, string>, hash: string, files: string[] }>} the state of what it was made of, the name of what came out,
 * and every file that went in
 */
async function compile(root, out) {
  // First of all: where nothing can be written, nobody waits for it.
  mkdirSync(out, { recursive: true });
  const { build, stop } = await import("esbuild");
  const { dependencies = {}, peerDependencies = {} } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  // The lock file stands for the packages.
  const others = [fileURLToPath(import.meta.url), join(root, "package-lock.json")];
  const sources = Object.fromEntries(others.map((file) => [relative(root, file), stateOf(file)]));
  const read = ({ path }) => {
    // Before it is read: who edits it meanwhile makes the tree an old one.
    sources[relative(root, path)] = stateOf(path);
    return { contents: withPlaces(readFileSync(path, "utf8"), { path, root, out }), loader: "ts" };
  };
  try {
    const { outputFiles, metafile } = await build({
      absWorkingDir: root,
      entryPoints: ENTRIES,
      outdir: out,
      entryNames: "[name]",
      bundle: true,
      splitting: true,
      external: Object.keys({ ...dependencies, ...peerDependencies }).filter((name) => !COMPILED_IN.includes(name)),
      // Most packages are CommonJS, and ask for modules of Node.
      banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
      metafile: true,
      format: "esm",
      platform: "node",
      target: "node20",
      tsconfigRaw: { compilerOptions: { target: "ES2023", verbatimModuleSyntax: true } },
      sourcemap: "linked",
      sourcesContent: false,
      write: false,
      logLevel: "silent",
      plugins: [
        { name: "places", setup: ({ onLoad }) => onLoad({ filter: /\.ts$/ }, read) },
        {
          name: "seldom",
          setup: ({ onLoad }) => onLoad({ filter: /docker(ode|-modem)\/lib\/\w+\.js$/ }, readDockerode),
        },
      ],
    });
    const hash = createHash("sha256");
    for (const { path, contents } of outputFiles) {
      writeFileSync(path, contents);
      hash.update(basename(path)).update(contents);
    }
    return { sources, hash: hash.digest("hex").slice(0, 16), files: Object.keys(metafile.inputs) };
  } catch (error) {
    rmSync(out, { recursive: true, force: true });
    throw error.errors ? new SetupError(...mistake(error.errors)) : error;
  } finally {
    await stop();
  }
}

function mistake([{ text, location }]) {
  const where = location ? `${location.file}:${location.line}:${location.column + 1}: ` : "";
  return [`the source cannot be compiled: ${where}${text}`, "npm run typecheck tells the rest."];
}

/** A compiled file lies elsewhere than its source: what stands beside the source is still found there, and what is compiled beside the compiled file. */
function withPlaces(text, { path, root, out }) {
  const fromOut = (file) => JSON.stringify(relative(out, file));
  return text
    .replace(/new URL\("\.\/([\w-]+)\.mjs", import\.meta\.url\)/g, (found, program) => {
      const isEntry = ENTRIES.includes(relative(root, join(dirname(path), `${program}.ts`)));
      return isEntry ? `new URL("./${program}.js", import.meta["url"])` : found;
    })
    .replaceAll("import.meta.url", `new URL(${fromOut(path)}, import.meta["url"]).href`)
    .replaceAll("import.meta.dirname", `(import.meta["dirname"] + "/" + ${fromOut(dirname(path))})`);
}

function readDockerode({ path }) {
  const later = (_, file) =>
    `(...given) => createRequire(require["resolve"]("dockerode"))(${JSON.stringify(SELDOM[file])})(...given)`;
  return { contents: readFileSync(path, "utf8").replace(/require\('\.\/(session|ssh)'\)/g, later), loader: "js" };
}

/** What the licenses of packages want to be kept together with them. */
function licenses(root, files) {
  const folders = new Set(files.flatMap((file) => /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? []));
  const texts = [...folders].sort().map((folder) => {
    const files = readdirSync(join(root, folder)).filter((one) => /^licen[cs]e/i.test(one));
    const { license } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
    const words = files.map((name) => readFileSync(join(root, folder, name), "utf8"));
    return [folder, ...(words.length > 0 ? words : [`License: ${license}`])].join("\n\n");
  });
  return texts.join("\n\n");
}

// npm pack: what a package carries.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = resolve(dirname(process.argv[1]), "../../..");
  const packed = join(root, "dist");
  rmSync(packed, { recursive: true, force: true });
  const { files } = await compile(root, packed);
  writeFileSync(join(packed, "LICENSES.txt"), licenses(root, files));
}
