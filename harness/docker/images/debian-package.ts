import { mkdir, mkdtemp, readdir, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ChaosError, messageOf } from "../../base/chaos-error.ts";
import { aptCandidate, aptGet, hasApt } from "./apt.ts";
import { upstreamVersion } from "./image-name.ts";
import { runCommand } from "./run-command.ts";

export interface DebianVersion {
  /** "5:7.0.15-1~deb12u10" */
  full: string;
  /** "7.0.15" */
  upstream: string;
}

interface Steps {
  log: (line: string) => void;
  signal?: AbortSignal | undefined;
}

/** The version of a package that this machine's package sources offer; undefined when they do not (or are not read yet). */
export async function debianVersion(name: string, signal?: AbortSignal): Promise<DebianVersion | undefined> {
  const full = await aptCandidate(name, signal);
  return full === undefined ? undefined : { full, upstream: upstreamVersion(full) };
}

/** As `debianVersion`, but reads the package lists first when the package is not in them. Rejects when there is none. */
export async function findDebianVersion(name: string, steps: Steps): Promise<DebianVersion> {
  if (!(await hasApt())) {
    throw new ChaosError("infrastructure", `package ${name}: this machine has no apt-get`, {
      hint: "Install the server by your own means and make the image with: kvchaos images wrap --binary PATH",
    });
  }
  const known = await debianVersion(name, steps.signal);
  if (known) return known;
  steps.log("apt-get update (the package lists are missing)");
  const hint = "Type by hand and see what it says:\n  apt-get update";
  await aptGet(["update"], { ...steps, hint });
  const found = await debianVersion(name, steps.signal);
  if (found) return found;
  throw new ChaosError("infrastructure", `no package ${name} in this machine's package sources`, {
    hint: `See what this says:\n  apt-cache policy ${name}`,
  });
}

export interface UnpackedPackage {
  root: string;
  /** Folders below the root that hold shared libraries. */
  libraryFolders: string[];
}

/**
 * Downloads a package with those dependencies that this machine lacks, unpacks them in a temporary folder, hands that
 * to `use`, and removes it. Nothing is installed, so no service gets started; needs no root.
 */
export async function withDebianPackage<T>(
  name: string,
  version: DebianVersion,
  steps: Steps,
  use: (unpacked: UnpackedPackage) => Promise<T>,
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

async function foldersWithLibraries(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true });
  const folders = entries.filter((entry) => /\.so(\.[\d.]+)?$/.test(entry)).map((entry) => join(root, dirname(entry)));
  return [...new Set(folders)].sort();
}
