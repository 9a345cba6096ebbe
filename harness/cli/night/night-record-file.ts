import { readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { ChaosError, messageOf } from "../../base/chaos-error.ts";
import { type Night, nightSchema } from "../../run/night/record.ts";

export const NIGHT_FILE = "nightly.json";

/** Writes nightly.json into a night's folder; a reader sees the old one or the new one, also when we are killed. */
export async function saveNight(directory: string, night: Night): Promise<void> {
  const file = path.join(directory, NIGHT_FILE);
  await writeFile(`${file}.new`, `${JSON.stringify(night, null, 2)}\n`);
  await rename(`${file}.new`, file);
}

/** @throws ChaosError usage: it cannot be read, or is none */
export async function readNight(file: string): Promise<Night> {
  try {
    return nightSchema.parse(JSON.parse(await readFile(file, "utf8")));
  } catch (error) {
    throw new ChaosError("usage", `${file}: no nightly.json of this version of kvchaos: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
