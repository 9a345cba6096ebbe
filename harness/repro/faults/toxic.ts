import { word } from "../bash.ts";
import { type FaultLines, linkVariable } from "../fault-script.ts";

/** Which way: "upstream" is towards the master. */
export type Stream = "upstream" | "downstream";
export const BOTH: readonly Stream[] = ["upstream", "downstream"];

export interface Toxic {
  type: string;
  attributes: Record<string, number>;
  streams?: readonly Stream[];
}

/** A toxic on one link: the word of that link. */
export function addToxic(link: string, id: string, { type, attributes, streams = BOTH }: Toxic): string[] {
  return streams.map((stream) => `add_toxic ${link} ${word(id)} ${type} ${stream} ${word(JSON.stringify(attributes))}`);
}

/** A toxic put on links, and taken off them. */
export function toxicLines(links: readonly string[], id: string, toxic: Toxic): FaultLines & { heal: string[] } {
  const variables = links.map((link, i) => linkVariable(link, links.length > 1 ? `link${i}` : "link"));
  return {
    inject: variables.flatMap(({ set, use }) => [...set, ...addToxic(use, id, toxic)]),
    heal: variables.map(({ use }) => `remove_toxic ${use} ${word(id)}`),
  };
}

/** At most so many bytes per second; the toxic counts whole kB/s. */
export function bandwidthToxic(bytes: number): Toxic {
  return { type: "bandwidth", attributes: { rate: Math.max(1, Math.round(bytes / 1000)) } };
}
