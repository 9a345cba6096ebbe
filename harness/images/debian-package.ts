import { mkdir, mkdtemp, readdir, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ChaosError, messageOf } from "../base/chaos-error.ts";
import { runCommand } from "../base/run-command.ts";
import { type AptOptions, aptCandidate, aptGet, hasApt } from "../docker/apt.ts";
import { withBackports } from "./backports.ts";
import { upstreamVersion } from "./image-name.ts";

export interface DebianVersion {
  /** "5:7.0.15-1~deb12u10" */
  full: string;
  /** "7.0.15" */
  upstream: string;
}

type Steps = Pick<AptOptions, "log" | "signal" | "config">;

/** The version of a package that this machine's package sources offer; undefined when they do not (or are not read yet). */
export async function debianVersion(
  name: string,
  options: Pick<AptOptions, "signal" | "config"> = {},
): Promise<DebianVersion | undefined> {
  const full = await aptCandidate(name, options);
  return full === undefined ? undefined : { full, upstream: upstreamVersion(full) };
}

/**
 * As `debianVersion`, but reads the package lists first when the package is not in them, and looks into Debian's backports
 * when `backports` says so. Hands `use` the version and what makes apt see it. Rejects when there is none.
 */
export async function withDebianVersion<T>(
  { name, backports = false }: { name: string; backports?: boolean | undefined },
  steps: Omit<Steps, "config">,
  use: (version: DebianVersion, steps: Steps) => Promise<T>,
): Promise<T> {
  if (!hasApt()) {
    throw new ChaosError("infrastructure", `package ${name}: this machine has no apt-get`, {
      hint: "Install the server by your own means and make the image with: kvchaos images wrap --binary PATH",
    });
  }
  const known = await debianVersion(name, steps);
  if (known) return use(known, steps);
  steps.log(`apt-get update (package ${name} is not in the package lists)`);
  const hint = "Type by hand and see what it says:\n  apt-get update";
  const stale = await aptGet(["update"], { ...steps, hint }).then(
    () => null,
    (error: unknown) => error,
  );
  steps.signal?.throwIfAborted();
  // Backports can be read without root, too.
  if (stale !== null && !backports) throw stale;
  const found = await debianVersion(name, steps);
  if (found) return use(found, steps);
  const missing = new ChaosError("infrastructure", `no package ${name} in this machine's package sources`, {
    hint: `See what this says:\n  apt-cache policy ${name}`,
  });
  if (!backports) throw missing;
  return withBackports(steps, async (config) => {
    const there = await debianVersion(name, { ...steps, config });
    if (there) return use(there, { ...steps, config });
    throw new ChaosError("infrastructure", `${missing.message}, nor in its Debian's backports`);
  });
}

/**
 * Downloads a package with those dependencies that this machine lacks, unpacks them in a temporary folder, hands that
 * to `use`, and removes it. Nothing is installed, so no service gets started; needs no root.
 */
export async function withDebianPackage<T>(
  name: string,
  version: DebianVersion,
  steps: Steps,
  use: (unpacked: { root: string; libraryFolders: string[] }) => Promise<T>,
): Promise<T> {
  const { log, signal } = steps;
  const folder = await realpath(await mkdtemp(join(tmpdir(), "kvchaos-package-")));
  try {
    const archives = join(folder, "archives");
    const root = join(folder, "root");
    await mkdir(archives);
    await mkdir(root);
    const plan = await aptGet(
      ["install", "--simulate", "--reinstall", "--no-install-recommends", `${name}=${version.full}`],
      steps,
    );
    const wanted = parseInstallPlan(plan.stdout);
    if (!wanted.some((item) => item.startsWith(`${name}=`))) wanted.unshift(`${name}=${version.full}`);
    log(`apt-get download ${wanted.join(" ")} (unpacked, not installed)`);
    await aptGet(["download", ...wanted], { ...steps, cwd: archives });
    for (const archive of (await readdir(archives)).sort()) {
      await runCommand(["dpkg-deb", "-x", join(archives, archive), root], { within: 60_000, signal });
    }
    return await use({ root, libraryFolders: await foldersWithLibraries(root) });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** "Inst redis-tools [old] (5:7.0.15-1 Debian …)" lines of a simulated installation → "redis-tools=5:7.0.15-1". */
export function parseInstallPlan(text: string): string[] {
  return [...text.matchAll(/^Inst (\S+) (?:\[[^\]]*\] )?\((\S+) /gm)].map((match) => `${match[1]}=${match[2]}`);
}

/** The real path of a program in an unpacked package; a link must not lead out of it to a file of this machine. */
export async function programIn(root: string, path: string): Promise<string> {
  const inside = join(root, path);
  const real = await realpath(inside).catch((error: unknown) => {
    throw new ChaosError("infrastructure", `the package holds no ${path}: ${messageOf(error)}`, { cause: error });
  });
  if (!real.startsWith(`${root}/`)) {
    throw new ChaosError("infrastructure", `${path} of the package leads to ${real}, outside the package`);
  }
  return inside;
}

/** Folders below the root that hold shared libraries. */
async function foldersWithLibraries(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true });
  const folders = entries.filter((entry) => /\.so(\.[\d.]+)?$/.test(entry)).map((entry) => join(root, dirname(entry)));
  return [...new Set(folders)].sort();
}
