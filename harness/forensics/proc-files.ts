import { readdirSync, readlinkSync } from "node:fs";
import { readSmallFile } from "../base/small-file.ts";

/** Where files below /proc come from: this host, or what a sidecar wrote down of them. Paths begin with /proc. */
export interface ProcFiles {
  /** null: not there, or not readable. */
  text(path: string): string | null;
  /** Names in a directory. @throws when it cannot be listed */
  list(path: string): string[];
  /** Where a symbolic link leads; null: not there, or not readable. */
  link(path: string): string | null;
}

/** The kernel of this machine. */
export const hostProc: ProcFiles = {
  text: readSmallFile,
  list: (path) => readdirSync(path),
  link(path) {
    try {
      return readlinkSync(path);
    } catch {
      return null;
    }
  },
};
