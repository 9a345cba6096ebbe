import { didYouMean, YamlSource } from "../base/mistakes.ts";
import type { ClusterShape } from "../cluster/shape.ts";
import type { WrittenParams } from "../faults/parameters.ts";
import { ORIGINAL } from "../faults/processes/other-server.ts";
import type { PlannedParams } from "../journal/plan.ts";
import type { System } from "../systems/system.ts";
import { systemOfImage } from "../systems/system-of-image.ts";
import { readText } from "./read/read-text.ts";

/*
 *   images: { nodes: { masters: A, r1: B } } ─┐
 *   --image r1=C ──────────────────────────────┴─► m1: A, r1: C; whoever is not named runs on the run's own image
 */

/** Nodes by what the Compose file makes of them, beside their names. */
const IMAGE_ROLES = ["masters", "replicas", "sentinels", "controllers"] as const;

/** As a user writes them: a node's name or a role → an image. */
export type WrittenImages = Readonly<Record<string, string>>;

type Nodes = Pick<ClusterShape, "masters" | "replicas" | "sentinels" | "controllers">;

/** Who can have an image of their own. */
const membersOf = ({ masters, replicas, sentinels = [], controllers = [] }: Nodes): string[] => [
  ...masters,
  ...replicas,
  ...sentinels,
  ...controllers,
];

/**
 * The nodes with an image of their own, of those that there are; undefined: there are none. A node's name says more than its role, and what comes
 * later more than what comes before.
 */
export function nodeImages(
  shape: Nodes,
  ...written: (WrittenImages | undefined)[]
): Record<string, string> | undefined {
  const images: Record<string, string> = {};
  const known = membersOf(shape);
  for (const one of written) {
    const names = Object.entries(one ?? {}).sort(([a], [b]) => Number(isRole(b)) - Number(isRole(a)));
    for (const [name, image] of names)
      for (const node of nodesOf(name, shape)) if (known.includes(node)) images[node] = image;
  }
  return Object.keys(images).length === 0 ? undefined : images;
}

const isRole = (name: string): name is (typeof IMAGE_ROLES)[number] =>
  (IMAGE_ROLES as readonly string[]).includes(name);

function nodesOf(name: string, shape: Nodes): readonly string[] {
  return isRole(name) ? (shape[name] ?? []) : [name];
}

/** What is wrong with one entry. */
export interface WrongImage {
  name: string;
  /** The name is, and not the image. */
  isName: boolean;
  message: string;
  hint?: string | undefined;
}

/**
 * Entries that no cluster can be made of: a node that it does not have, a server that cannot take part in the replication
 * of the others, a sentinel that is none. An image whose name tells no system is taken for one of the run's.
 * @param run the systems that the others may run on
 */
export function wrongImages(
  written: WrittenImages,
  shape: Nodes & { controls: readonly string[] },
  run: readonly string[],
  systems: ReadonlyMap<string, Pick<System, "sentinel">>,
): WrongImage[] {
  const sentinels = shape.sentinels ?? [];
  const known = membersOf(shape);
  return Object.entries(written).flatMap(([name, image]): WrongImage[] => {
    const nodes = nodesOf(name, shape);
    if (shape.controls.includes(name)) {
      return [{ name, isName: true, message: `"${name}" is the control node: it runs on the run's own image` }];
    }
    if (nodes.length === 0) return [{ name, isName: true, message: `the cluster has no ${name}` }];
    if (nodes.some((node) => !known.includes(node))) {
      return [
        { name, isName: true, message: `unknown node "${name}"`, hint: didYouMean(name, [...known, ...IMAGE_ROLES]) },
      ];
    }
    // What is in it shows when it is started.
    if (nodes.every((node) => shape.controllers?.includes(node))) return [];
    const told = systemOfImage(image);
    if (told === undefined) return [];
    if (nodes.every((node) => sentinels.includes(node))) {
      const mode = systems.get(told)?.sentinel;
      // Over some servers the sentinels are another system's.
      if (mode && mode.image === undefined) return [];
      return [{ name, isName: false, message: `${image} is ${told}, which has no sentinels` }];
    }
    const message = wrongSystem(image, run);
    return message === null ? [] : [{ name, isName: false, message }];
  });
}

/** Why a node cannot be started again on another image (Mention `image`); null: it can. */
export function wrongExchange(
  { name: image, node }: { name: string; node?: string },
  { sentinels = [] }: Pick<ClusterShape, "sentinels">,
  run: readonly string[],
): string | null {
  if (node !== undefined && sentinels.includes(node)) {
    return `${node} is a sentinel: only servers with data are started again on another image`;
  }
  return wrongSystem(image, run);
}

/** Why a server cannot replicate with those of a run, or read what they have written; null: it can, or its name tells nothing. */
function wrongSystem(image: string, run: readonly string[]): string | null {
  const told = systemOfImage(image);
  if (told === undefined || run.every((name) => name === told)) return null;
  const others = run.filter((name) => name !== told).join(" or ");
  return `${image} is ${told}, which cannot replicate with ${others} or read its data`;
}

/** Those on which faults start servers again. */
export function imagesOfFaults(faults: readonly { params: WrittenParams | PlannedParams }[]): string[] {
  return faults.flatMap(({ params: { image } }) => (typeof image === "string" && image !== ORIGINAL ? [image] : []));
}

/** Where an experiment file names an image for a node or a fault, "file:line:column"; null: nowhere. Never rejects. */
export async function placeOfImage(file: string, image: string): Promise<string | null> {
  try {
    const source = YamlSource.parse(file, await readText(file));
    const { images, faults } = source.value as Record<string, Record<string, WrittenImages>>;
    const node = Object.entries(images?.nodes ?? {}).find(([, own]) => own === image)?.[0];
    const fault = Object.values(faults ?? {}).findIndex((one) => one?.image === image);
    if (node === undefined && fault < 0) return null;
    const path = node !== undefined ? ["images", "nodes", node] : ["faults", fault, "image"];
    const { line, column } = source.at(path);
    return `${file}:${line}:${column}`;
  } catch {
    return null; // it has been moved since, or is a plan
  }
}
