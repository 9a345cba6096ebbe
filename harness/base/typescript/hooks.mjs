import { createHash, randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

/* In Node's thread of loaders: esbuild erases the types of each file, once for all processes. */

/** Goes with the packages, esbuild among them. */
const KEPT = fileURLToPath(new URL("../../../node_modules/.cache/kvchaos-typescript", import.meta.url));

/** @type {import("node:module").LoadHook} */
export async function load(url, context, nextLoad) {
  if (!url.startsWith("file:") || !new URL(url).pathname.endsWith(".ts")) return nextLoad(url, context);
  const file = fileURLToPath(url);
  const text = readFileSync(file, "utf8");
  const name = createHash("sha1").update(basename(file)).update("\0").update(text).digest("hex");
  return { format: "module", source: kept(name) ?? (await erase(text, file, name)), shortCircuit: true };
}

function kept(name) {
  try {
    return readFileSync(join(KEPT, name), "utf8");
  } catch {
    return null;
  }
}

async function erase(text, file, name) {
  const { transform } = await import("esbuild");
  const { code } = await transform(text, {
    loader: "ts",
    format: "esm",
    target: "node20",
    sourcefile: basename(file),
    sourcemap: "inline",
    sourcesContent: false,
    tsconfigRaw: { compilerOptions: { target: "ES2023", verbatimModuleSyntax: true } },
  });
  try {
    mkdirSync(KEPT, { recursive: true });
    const mine = join(KEPT, `new-${randomUUID()}`);
    writeFileSync(mine, code);
    renameSync(mine, join(KEPT, name));
  } catch {
    // A read-only or full disk: the next one does it again.
  }
  return code;
}
