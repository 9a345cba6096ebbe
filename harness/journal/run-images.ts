import { z } from "zod";
import { groupBy } from "../base/group-by.ts";
import type { EventOf } from "./events.ts";

type NodeImages = Readonly<Record<string, string>>;

/** Of a plan, without the rest of it. */
const planned = z.object({
  experiment: z.object({ images: z.object({ nodes: z.record(z.string(), z.string()).optional() }) }),
});

/** Nodes of a run with an image of their own; undefined: all run on the run's. */
export function ownImages(run: { plan: unknown } | undefined): NodeImages | undefined {
  return planned.safeParse(run?.plan).data?.experiment.images.nodes;
}

/** "redis:7.0.15", or "m1: redis:7.0.15; all others: valkey/valkey:8.0.1". */
export function imagesText({ image, nodes = {} }: { image: string; nodes?: NodeImages | undefined }): string {
  return mixedText(
    Object.entries(nodes).filter(([, own]) => own !== image),
    image,
  );
}

/** What the servers themselves call their versions, said in the same way; null: nobody has said anything. */
export function versionsText(nodes: EventOf<"cluster">["nodes"], run: { plan: unknown }): string | null {
  const common = nodes.filter(({ name }) => ownImages(run)?.[name] === undefined);
  const version = (common.length > 0 ? common : nodes).find((node) => node.version !== null)?.version ?? null;
  const others = nodes.flatMap((node): [string, string][] =>
    node.version === null || node.version === version || common.includes(node) ? [] : [[node.name, node.version]],
  );
  return version === null ? null : mixedText(others, version);
}

function mixedText(own: readonly (readonly [node: string, what: string])[], common: string): string {
  if (own.length === 0) return common;
  const groups = [...groupBy(own, ([, what]) => what)];
  const parts = groups.map(([what, nodes]) => `${nodes.map(([node]) => node).join(", ")}: ${what}`);
  return [...parts, `all others: ${common}`].join("; ");
}
