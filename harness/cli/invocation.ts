import { realpathSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** Where this process was started from, and how. */
export interface Started {
  /** As Node got it: the path of kvchaos.mjs, or of a link to it. */
  script: string;
  /** Its working directory; npm changes it. */
  directory: string;
  environment: Readonly<Record<string, string | undefined>>;
}

/** How a user can call kvchaos again from where they stand. */
export interface Invocation {
  /** The words before a command's own: `["npx", "kvchaos"]`. */
  words: string[];
  /** A file as it is named from there: relative below it, absolute elsewhere. */
  name(file: string): string;
}

/** The real file, and the folder that it lies in: what `npm link` and npx lead to. */
const PROGRAM = fileURLToPath(new URL("./kvchaos.mjs", import.meta.url));
const ROOT = path.resolve(path.dirname(PROGRAM), "../..");

const HERE: Started = { script: process.argv[1] ?? PROGRAM, directory: process.cwd(), environment: process.env };

/**
 * In the clone `npx kvchaos` works from every folder, and after `npm link` plain `kvchaos`; elsewhere node and the path of the program do. npm runs a script in
 * the clone's root, wherever its user stands.
 */
export function invocation({ script, directory, environment }: Started = HERE): Invocation {
  const byNpm = /(^'?kvchaos\b|kvchaos\.mjs)/.test(environment.npm_lifecycle_script ?? "");
  const stands = (byNpm ? environment.INIT_CWD : undefined) ?? directory;
  const name = (file: string): string => {
    const relative = path.relative(stands, path.resolve(directory, file));
    return relative.startsWith("..") ? path.resolve(directory, file) : relative;
  };
  if (byNpm && isWithin(stands, ROOT)) return { words: ["npx", "kvchaos"], name };
  const folders = (environment.PATH ?? "").split(path.delimiter).map((folder) => path.resolve(directory, folder));
  const isCommand =
    path.basename(script) === "kvchaos" && folders.includes(path.dirname(path.resolve(directory, script)));
  // npx puts its own folder into the path, and takes it away again.
  return { words: isCommand && !byNpm ? ["kvchaos"] : ["node", name(PROGRAM)], name };
}

function isWithin(folder: string, root: string): boolean {
  try {
    return !path.relative(root, realpathSync(folder)).startsWith("..");
  } catch {
    return false; // It is gone.
  }
}
