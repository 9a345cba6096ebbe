import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** PATH with the folders of administrators' programs, which are not on everybody's. */
export function adminPath(): string {
  return [process.env.PATH ?? "", "/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/bin"].join(delimiter);
}

/** Where a program is; undefined: in none of the folders. */
export function findProgram(name: string, folders = adminPath()): string | undefined {
  return folders
    .split(delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

/** "not installed: mount, umount (packages mount)"; null: all of them are there. */
export function missingPrograms(names: readonly string[], packages: string, folders = adminPath()): string | null {
  const missing = names.filter((name) => findProgram(name, folders) === undefined);
  return missing.length === 0 ? null : `not installed: ${missing.join(", ")} (packages ${packages})`;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
