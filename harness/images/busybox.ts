import { access, constants, copyFile, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ChaosError } from "../base/chaos-error.ts";
import { runCommand } from "../base/run-command.ts";
import { aptGet, hasApt } from "../docker/apt.ts";
import { cacheDirectory } from "./cache-directory.ts";
import { readElf } from "./elf.ts";

const HINT = "Install the package busybox-static (or put a statically linked busybox at /bin/busybox) and try again.";

/**
 * A static busybox: this machine's own, the one fetched earlier, or the one of Debian's package busybox-static, which
 * is unpacked and not installed. Rejects with code `infrastructure` when none can be had.
 */
export async function staticBusybox(log: (line: string) => void, signal?: AbortSignal) {
  const cached = join(await cacheDirectory(), "busybox");
  for (const path of ["/bin/busybox", "/usr/bin/busybox", cached]) {
    if (await isStatic(path)) return { path, applets: await applets(path, signal) };
  }
  if (!hasApt())
    throw new ChaosError("infrastructure", "no static busybox on this machine for /bin/sh", { hint: HINT });
  log("apt-get download busybox-static (the image's /bin/sh; not installed on this machine)");
  const folder = await mkdtemp(join(tmpdir(), "kvchaos-busybox-"));
  try {
    await aptGet(["download", "busybox-static"], { log, signal, cwd: folder, hint: HINT });
    const archive = (await readdir(folder)).find((name) => name.endsWith(".deb"));
    if (!archive)
      throw new ChaosError("infrastructure", "apt-get download busybox-static brought no file", { hint: HINT });
    await runCommand(["dpkg-deb", "-x", archive, "tree"], { within: 30_000, signal, cwd: folder });
    for (const unpacked of [join(folder, "tree/bin/busybox"), join(folder, "tree/usr/bin/busybox")]) {
      if (!(await isStatic(unpacked))) continue;
      // Copy, then rename: another kvchaos never sees half a file.
      const half = `${cached}.${process.pid}`;
      await copyFile(unpacked, half);
      await rename(half, cached);
      return { path: cached, applets: await applets(cached, signal) };
    }
    throw new ChaosError("infrastructure", "the package busybox-static holds no static busybox", { hint: HINT });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function isStatic(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    const elf = await readElf(path);
    return elf !== undefined && elf.interpreter === null;
  } catch {
    return false; // Not there, or not ours to read: the next candidate decides.
  }
}

/** Absolute paths of its applets: "/bin/sh", "/usr/bin/env", … */
async function applets(path: string, signal: AbortSignal | undefined): Promise<string[]> {
  const { stdout } = await runCommand([path, "--list-full"], { within: 10_000, signal });
  return stdout
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.endsWith("/busybox"))
    .map((line) => (line.startsWith("/") ? line : `/${line}`));
}
