import { mkdir } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

/** Where downloaded and built server binaries wait for the next image: made once per version, remade without a network. */
export async function cacheDirectory(): Promise<string> {
  const base = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  const folder = join(base, "kvchaos");
  await mkdir(folder, { recursive: true });
  return folder;
}
