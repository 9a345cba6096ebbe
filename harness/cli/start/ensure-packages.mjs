import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, sep } from "node:path";

/*
 * Plain JavaScript without dependencies: it runs before there is anything in node_modules.
 *
 *   package-lock.json ── sha256 ──► node_modules/.kvchaos-lock the same? ── yes ─► nothing to do
 *                                        │ no
 *                                   installed by hand, and what is installed is what the lock file says? ── yes ─► stamp
 *                                        │ no
 *                                   npm ci ─► stamp
 */

const STAMP = ".kvchaos-lock";

/** What went wrong, and what a person should do about it. */
export class SetupError extends Error {
  /**
   * @param {string} message
   * @param {string} hint
   */
  constructor(message, hint) {
    super(message);
    this.name = "SetupError";
    this.hint = hint;
  }
}

/**
 * Makes sure that the packages package-lock.json names are in node_modules; runs `npm ci` when they are not.
 * Does nothing for a copy that was itself installed as a package: that one has no lock file, and npm saw to the rest.
 * Throws SetupError when npm fails.
 * @param {string} root folder with package.json
 * @param {(line: string) => void} log told each step; not called when there is nothing to do
 */
export function ensurePackages(root, log) {
  const lockFile = join(root, "package-lock.json");
  if (root.split(sep).includes("node_modules") || !existsSync(lockFile)) return;
  const lock = readFileSync(lockFile);
  const wanted = createHash("sha256").update(lock).digest("hex");
  const stamp = join(root, "node_modules", STAMP);
  if (existsSync(stamp) && readFileSync(stamp, "utf8").trim() === wanted) return;
  if (!installedByHand(root, lock.toString("utf8"))) {
    const why = existsSync(join(root, "node_modules"))
      ? "node_modules does not match package-lock.json"
      : "no node_modules yet";
    log(`npm ci (${why})`);
    install(root);
  }
  writeFileSync(stamp, `${wanted}\n`);
}

/** Install scripts are not run: no dependency needs its own, and some would call a compiler. */
function install(root) {
  const hint = `See what npm says, then try again:\n  cd ${root}\n  npm ci`;
  // NODE_ENV=production would leave out what the tests need, and the stamp would not tell.
  const { status, signal, error } = spawnSync("npm", ["ci", "--ignore-scripts", "--include=dev"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
  if (error) {
    const missing = error.code === "ENOENT";
    throw new SetupError(
      missing ? "npm is not on PATH" : `npm cannot be run: ${error.message}`,
      missing ? "Install npm (it comes with Node; on Debian: apt-get install npm)." : hint,
    );
  }
  if (status !== 0) throw new SetupError(`npm ci failed (${signal ?? `exit ${status}`})`, hint);
  if (!existsSync(join(root, "node_modules"))) throw new SetupError("npm ci made no node_modules", hint);
}

/** npm keeps a lock file of what it really installed: is that what ours asks for? */
function installedByHand(root, lockText) {
  const record = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(record)) return false;
  try {
    const installed = JSON.parse(readFileSync(record, "utf8")).packages;
    const wanted = Object.entries(JSON.parse(lockText).packages);
    return wanted.every(([path, entry]) => {
      if (path === "") return true;
      const found = installed[path];
      // Optional packages of other platforms are left out.
      if (!found) return entry.optional === true;
      return found.version === entry.version && found.integrity === entry.integrity;
    });
  } catch {
    return false; // A damaged record: npm ci makes everything anew.
  }
}
