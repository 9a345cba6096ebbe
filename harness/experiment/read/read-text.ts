import { isUtf8 } from "node:buffer";
import { readFile, stat } from "node:fs/promises";
import { ChaosError } from "../../base/chaos-error.ts";
import { mistakesError } from "../../base/mistakes.ts";

const MAX_BYTES = 1024 ** 2;

/** What is at `path` instead of a readable file, in words; undefined when it is a file. */
export async function notAFile(path: string): Promise<string | undefined> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) return "is a directory, not a file";
    return found.isFile() ? undefined : "is not a regular file";
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return "does not exist";
    return `cannot be read: ${code ?? String(error)}`;
  }
}

/**
 * Reads a text file that a user wrote: UTF-8, at most 1 MiB.
 * @throws ChaosError `invalid-experiment` when it is missing, a directory, too big, or not UTF-8 (with line and column)
 */
export async function readText(path: string): Promise<string> {
  const problem = await notAFile(path);
  if (problem !== undefined) {
    throw new ChaosError("invalid-experiment", `${path} ${problem}`, {
      hint: "kvchaos list shows the experiments there are",
    });
  }
  const { size } = await stat(path);
  if (size > MAX_BYTES) throw refuse(path, `the file has ${size} bytes; at most ${MAX_BYTES} (1 MiB) are read`);
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new ChaosError("invalid-experiment", `${path} cannot be read: ${error.code}`, { cause: error });
  });
  if (bytes.length > MAX_BYTES) throw refuse(path, `at most ${MAX_BYTES} bytes (1 MiB) are read`);
  const text = bytes.toString("utf8");
  if (!isUtf8(bytes)) throw refuseAt(path, "not a text file: expected UTF-8", text, text.indexOf("\ufffd"));
  const control = text.search(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/);
  if (control >= 0) throw refuseAt(path, "not a text file: it contains a control character", text, control);
  return text;
}

function refuseAt(file: string, message: string, text: string, offset: number): ChaosError {
  const before = text.slice(0, offset).split("\n");
  return refuse(file, message, before.length, (before.at(-1) ?? "").length + 1);
}

function refuse(file: string, message: string, line = 1, column = 1): ChaosError {
  return mistakesError([{ file, line, column, message }]);
}
