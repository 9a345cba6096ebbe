import { z } from "zod";
import type { ClusterNode } from "../../cluster/cluster.ts";
import { serverIn } from "../../systems/system-of-image.ts";
import type { FaultContext } from "../fault.ts";
import { Parameter } from "../parameters.ts";

/** In place of an image: what the node ran on when the run began. */
export const ORIGINAL = "original";

const imageName = z.string().min(1).max(300).regex(/^\S+$/, { error: "expected an image, like redis:7.0.15" });

/** The image of a server that takes over the data of another. */
export function imageParameter(about: string): Parameter<string, string> {
  return new Parameter({
    written: imageName.describe(`${about}; \`${ORIGINAL}\`: what it ran on when the run began`),
    planned: imageName,
    resolve: (image) => image,
  });
}

/** What became of a node that was started again. */
export interface Exchanged {
  /** It answers, and has been told its role. */
  answers: boolean;
  /** In words. */
  summary: string;
}

/**
 * Starts a stopped node again with the server of another image on its data, journals that, and tells it its role. A server
 * that ends, or does not answer in time, is what the run is about: it is told, and this resolves. Rejects where there can be
 * no such container, and when the role cannot be told.
 */
export async function startOther(
  { cluster, emit, id, signal }: FaultContext,
  node: ClusterNode,
  image: string,
  within: number,
): Promise<Exchanged> {
  const to = image === ORIGINAL ? node.original : serverIn(image, cluster.system);
  const { failure, server } = await node.startAs(to, { within, signal });
  emit({ type: "server", node: node.name, by: id, ...server });
  const exchange = `${server.image}${server.version === null ? "" : ` (version ${server.version})`} in place of ${server.before}`;
  if (failure !== null) return { answers: false, summary: `${node.name}: ${exchange}: ${failure}` };
  await cluster.restoreRole(node.name, { within, signal, by: id });
  return { answers: true, summary: `${node.name}: ${exchange}` };
}
