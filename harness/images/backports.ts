import { mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ChaosError } from "../base/chaos-error.ts";
import { runCommand } from "../base/run-command.ts";
import { type AptOptions, aptGet } from "../docker/apt.ts";

/*
 *   this machine's sources and lists ──(read only)──┐
 *   "deb <the same mirror> bookworm-backports main" ─┴─► a temporary folder that apt takes for its own ─► use ─► removed
 */

/** Where apt keeps what it knows, as `apt-config dump` calls it. */
const DIRECTORIES = ["Dir::State::lists", "Dir::Etc::sourcelist", "Dir::Etc::sourceparts"] as const;

/**
 * Lets apt see its Debian's backports beside this machine's own sources, without changing those: hands `use` the options that
 * do it. The mirror is the one that this machine gets its Debian from. Needs no root. Rejects where this is no Debian.
 */
export async function withBackports<T>(
  steps: Pick<AptOptions, "log" | "signal">,
  use: (config: readonly string[]) => Promise<T>,
): Promise<T> {
  const { log, signal } = steps;
  const source = await backportsSource(signal);
  const folder = await realpath(await mkdtemp(join(tmpdir(), "kvchaos-apt-")));
  try {
    const [lists, cache, parts, alone] = ["lists", "cache", "sources", "alone"].map((name) => join(folder, name)) as [
      string,
      string,
      string,
      string,
    ];
    for (const path of [join(lists, "partial"), join(cache, "archives", "partial"), parts, alone]) {
      await mkdir(path, { recursive: true });
    }
    const own = await ownDirectories(signal);
    // What a package needs beside itself is in the machine's own lists.
    await linkFiles(own["Dir::State::lists"], lists);
    await linkFiles(own["Dir::Etc::sourceparts"], parts);
    await symlink(own["Dir::Etc::sourcelist"], join(parts, "own.list"));
    const backports = join(alone, "backports.list");
    await writeFile(backports, source);
    const set = (values: Record<string, string>) => Object.entries(values).flatMap(([k, v]) => ["-o", `${k}=${v}`]);
    const config = set({
      "Dir::State::lists": lists,
      "Dir::Cache": cache,
      "Dir::Etc::sourcelist": backports,
      "Dir::Etc::sourceparts": parts,
    });
    log("apt-get update (Debian's backports only, for this image only)");
    // The other lists are links into this machine's: nothing is to be renewed or removed there.
    const only = set({ "Dir::Etc::sourceparts": "-", "APT::Get::List-Cleanup": "0" });
    await aptGet(["update"], { ...steps, config: [...config, ...only] });
    return await use(config);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The line of a sources.list. */
async function backportsSource(signal: AbortSignal | undefined): Promise<string> {
  const release = await readFile("/etc/os-release", "utf8").catch(() => "");
  const codename = /^VERSION_CODENAME="?([\w-]+)"?$/m.exec(release)?.[1];
  const format = "$(ORIGIN) $(CODENAME) $(REPO_URI)";
  const { stdout } = await runCommand(["apt-get", "indextargets", "--format", format, "Created-By: Packages"], {
    within: 20_000,
    signal,
    env: { LC_ALL: "C" },
  });
  const targets = stdout.split("\n").map((line) => line.split(" "));
  const mirror = targets.find(([origin, name]) => origin === "Debian" && name === codename)?.[2];
  if (codename && mirror) return `deb ${mirror} ${codename}-backports main\n`;
  throw new ChaosError("infrastructure", "this machine's package sources name no Debian mirror to get backports from", {
    hint: "Only Debian has its backports; elsewhere wrap a server binary: kvchaos images wrap --binary PATH",
  });
}

async function ownDirectories(signal: AbortSignal | undefined): Promise<Record<(typeof DIRECTORIES)[number], string>> {
  const found: Record<string, string> = {};
  for (const name of DIRECTORIES) {
    const { stdout } = await runCommand(["apt-config", "shell", "FOUND", `${name}/f`], { within: 20_000, signal });
    found[name] = /'(.*)'/.exec(stdout)?.[1] ?? "";
  }
  return found as Record<(typeof DIRECTORIES)[number], string>;
}

async function linkFiles(from: string, to: string): Promise<void> {
  const entries = await readdir(from, { withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile() && entry.name !== "lock");
  await Promise.all(files.map(({ name }) => symlink(join(from, name), join(to, name))));
}
