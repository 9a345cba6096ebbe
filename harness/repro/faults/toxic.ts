import { word } from "../bash.ts";
import type { BashFunction } from "../bash-functions.ts";
import { type FaultLines, linkVariable } from "../fault-script.ts";

/** Which way: "upstream" is towards the master. */
export type Stream = "upstream" | "downstream";
export const BOTH: readonly Stream[] = ["upstream", "downstream"];

/** A toxic put on links, and taken off them. */
export function toxicLines(
  links: readonly string[],
  id: string,
  type: string,
  streams: readonly Stream[],
  attributes: Record<string, number>,
): FaultLines {
  const inject: string[] = [];
  const heal: string[] = [];
  const functions: BashFunction[] = links.length === 0 ? [] : ["toxics"];
  links.forEach((link, i) => {
    const own = linkVariable(link, links.length > 1 ? `link${i}` : "link");
    functions.push(...own.functions);
    inject.push(...own.set);
    for (const stream of streams)
      inject.push(`add_toxic ${own.use} ${word(id)} ${type} ${stream} ${word(JSON.stringify(attributes))}`);
    heal.push(`remove_toxic ${own.use} ${word(id)}`);
  });
  return { inject, heal, functions };
}
