import { copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { type DiaryLine, DIARY_FILE as FILE } from "./diary.ts";

/** Of a bug, what the next night goes on from; its report stays with the night that saw it first. */
const OF_A_BUG = ["bug.json", "experiment.yaml"];

/** Copies what an exploration goes on from. Nothing is there yet: nothing is copied. */
export async function carryIn(from: string, to: string): Promise<void> {
  const text = await readFile(path.join(from, FILE), "utf8").catch(() => null);
  if (text === null) return;
  await mkdir(to, { recursive: true });
  await writeFile(path.join(to, FILE), text);
  await copyBugs(from, to);
}

/**
 * Replaces what was carried by what an exploration goes on from next time.
 * @param most bytes of its experiments (trimmed to them)
 * @returns false: it does not fit, and nothing is carried: the next one begins anew
 */
export async function carryOut(from: string, to: string, most: number): Promise<boolean> {
  const trimmed = trim(await readFile(path.join(from, FILE), "utf8"), most);
  await rm(`${to}.new`, { recursive: true, force: true });
  if (trimmed !== null) {
    await mkdir(`${to}.new`, { recursive: true });
    await writeFile(path.join(`${to}.new`, FILE), trimmed);
    await copyBugs(from, `${to}.new`);
  }
  await rm(to, { recursive: true, force: true });
  if (trimmed === null) return false;
  await rename(`${to}.new`, to);
  return true;
}

async function copyBugs(from: string, to: string): Promise<void> {
  const bugs = await readdir(path.join(from, "found")).catch(() => []);
  for (const bug of bugs) {
    await mkdir(path.join(to, "found", bug), { recursive: true });
    for (const name of OF_A_BUG)
      await copyFile(path.join(from, "found", bug, name), path.join(to, "found", bug, name)).catch(
        (error: NodeJS.ErrnoException) => {
          // A bug that was not worked up has none of them yet.
          if (error.code !== "ENOENT") throw error;
        },
      );
  }
}

/**
 * The experiments of a diary in so many bytes. Oldest first, those that showed nothing new are reduced to their counts, then those that did;
 * never those that showed a bug, nor any text of behaviour. null: that is too much all the same.
 */
export function trim(text: string, most: number): string | null {
  const [head = "", ...rest] = text.slice(0, text.lastIndexOf("\n")).split("\n");
  const lines = rest.map((one) => JSON.parse(one) as DiaryLine);
  let bytes = Buffer.byteLength(`${head}\n`);
  const sizes = rest.map((one) => Buffer.byteLength(`${one}\n`));
  for (const size of sizes) bytes += size;
  // Behaviour is named by its place in the order of its first appearance: what was new stays known.
  let places = 0;
  const own = lines.map(({ fresh }) => fresh.map(() => places++));
  for (const wanted of [false, true]) {
    for (const [i, line] of lines.entries()) {
      if (bytes <= most) break;
      if (line.seen.length > 0 || line.fresh.length > 0 !== wanted) continue;
      const short = JSON.stringify({ ...line, document: {}, shown: own[i] });
      bytes += Buffer.byteLength(`${short}\n`) - (sizes[i] as number);
      rest[i] = short;
    }
  }
  return bytes <= most ? `${[head, ...rest].join("\n")}\n` : null;
}
