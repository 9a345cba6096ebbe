#!/usr/bin/env node
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { compiledMain } from "./start/compile.mjs";
import { ensurePackages, SetupError } from "./start/ensure-packages.mjs";

/*
 * The `bin`: Node's version ─► node_modules ─► main.ts, compiled. Plain JavaScript, for a machine that has nothing yet.
 */

// No full collection on all cores in the middle of an experiment only because little is to be done. Later than here it would be due already.
setFlagsFromString("--no-memory-reducer");

const INFRASTRUCTURE = 4;
const OLDEST_NODE = [20, 19];

function say(line) {
  process.stderr.write(`kvchaos: ${line}\n`);
}

/** `kvchaos list | head`: a reader that leaves early is no error, and must not end a run before it has cleaned up. */
function outliveReaders() {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error) => {
      if (error.code !== "EPIPE") throw error;
    });
  }
}

async function start() {
  outliveReaders();
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
    throw new SetupError(
      `Node ${process.versions.node} is too old: kvchaos needs ${OLDEST_NODE.join(".")} or newer`,
      "Install a newer Node and try again.",
    );
  }
  // fileURLToPath of the real file: Node resolves npm's bin link before it runs this.
  const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
  ensurePackages(root, say);
  const compiled = await compiledMain(root, say);
  const { main } = await (compiled === null ? import("./start/from-source.mjs") : import(compiled));
  process.exitCode = await main(process.argv.slice(2));
}

start().catch((error) => {
  say(error instanceof SetupError ? `${error.message}\n${error.hint}` : (error?.stack ?? String(error)));
  process.exitCode = INFRASTRUCTURE;
});
