import { textTable } from "../base/text-table.ts";
import { tryImage } from "../cluster/try-image.ts";
import type { Engine } from "../docker/engine.ts";
import { parseImageName } from "../images/image-name.ts";
import { type TakenFile, wrapImage } from "../images/wrap-image.ts";
import type { System } from "../systems/system.ts";
import { log, print } from "./print.ts";

export interface WrapWish {
  system: System;
  binary: string;
  tag: string;
  add: readonly string[];
}

/** Makes an image of a server binary, says what is in it and whether its name was another's, and starts it once. */
export async function wrapAndTry(
  engine: Engine,
  { system, binary, tag, add }: WrapWish,
  signal: AbortSignal,
): Promise<void> {
  const before = await engine.inspectImage(tag, { signal });
  const image = await wrapImage({ engine, recipe: system.recipe, binary, add, tag, log, signal });
  for (const line of textTable(image.taken.map(takenRow))) log(`  ${line}`);
  if (before && before.id !== image.id) {
    const was = before.labels["kvchaos.image.source"];
    const left = before.tags.length > 1 ? "" : ", and the other has none left";
    log(`${tag} was another image (${short(before.id)}${was ? `, made from ${was}` : ""}): the name is moved${left}`);
  }
  print(image.id);
  const { version, ms } = await tryImage(engine, system, tag, { signal });
  log(`started once: it answers PING after ${(ms / 1000).toFixed(1)} s and says version ${version ?? "(nothing)"}`);
  const warning = versionWarning(tag, version);
  if (warning !== null) log(`warning: ${warning}`);
}

function takenRow({ what, source, path, files }: TakenFile): string[] {
  const from = source === path ? "" : `from ${source}`;
  return [what, path, files > 1 ? `${files} files ${from}`.trimEnd() : from];
}

/** Null: the tag names no version, or the one that the server says. */
export function versionWarning(image: string, version: string | null): string | null {
  const { tag } = parseImageName(image);
  const [named] = /\d+(?:\.\d+)+/.exec(tag) ?? [];
  if (named === undefined) return null;
  if (version === null) return `the tag says ${named}, and the server does not tell its version`;
  const said = version.replace(/^v/, "");
  if (said === named || said.startsWith(`${named}.`)) return null;
  return `the tag says ${named}, and the server says ${said}: reports will name the tag`;
}

const short = (id: string): string => id.replace(/^sha256:/, "").slice(0, 12);
