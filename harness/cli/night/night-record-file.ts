import { readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import type { z } from "zod";
import { ChaosError, messageOf } from "../../base/chaos-error.ts";
import type { Night } from "../../run/night/record.ts";

export const NIGHT_FILE = "nightly.json";

/** Writes nightly.json into a night's folder; a reader sees the old one or the new one, also when we are killed. */
export async function saveNight(directory: string, night: Night): Promise<void> {
  const file = path.join(directory, NIGHT_FILE);
  await writeFile(`${file}.new`, `${JSON.stringify(night, null, 2)}\n`);
  await rename(`${file}.new`, file);
}

/** @throws ChaosError usage: it cannot be read, or is of another form */
export async function readJson<T>(file: string, schema: z.ZodType<T>): Promise<T> {
  try {
    return schema.parse(JSON.parse(await readFile(file, "utf8")));
  } catch (cause) {
    const what = `${file}: no ${path.basename(file)} of this version of kvchaos`;
    throw new ChaosError("usage", `${what}: ${messageOf(cause)}`, { cause });
  }
}
