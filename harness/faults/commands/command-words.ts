import { z } from "zod";
import { ChaosError } from "../../base/chaos-error.ts";
import type { Cluster, ClusterNode } from "../../cluster/cluster.ts";
import { slotOf } from "../../cluster/slots.ts";
import { Parameter } from "../parameters.ts";
import { type Mention, mentionLink, mentionNode, selectLink, selectNode } from "../selector.ts";

/*
 * A command's words may name a link's end as the servers must dial it: ["SLAVEOF", "{self -> m2 host}", "{self -> m2 port}"].
 * `self` is the node that gets the command, the other side any node selector. In cluster mode a whole word may also be
 * "{topology}" (all nodes, as the node that gets the command should see them), "{version}" (the next number of a topology) or
 * "{m2 id}" (that node's id), and in it "{tag of m2}" (what keys of that node's shard begin with) and "{slot of set}" (the
 * first slot of the keys that the load `set` has on the shard of the node that gets the command). They are filled in when the command is sent,
 * because roles move and ports are chosen when the cluster starts.
 */
const PLACE = /\{\s*(\S+\s*->\s*\S+)\s+(host|port)\s*\}/g;
const CLUSTER_WORD = /^\{\s*(?:(topology|version)|(\S+)\s+id)\s*\}$/;
const SHARD_WORD = /\{\s*(tag|slot)\s+of\s+([^\s{}]+)\s*\}/g;

/** A command: words, or numbers that become words. */
export function commandParameter(about: string): Parameter<string[], string[]> {
  const words = z
    .array(z.union([z.string(), z.number().transform(String)]))
    .min(1, { error: "expected at least a command name" });
  return new Parameter<string[], string[]>({
    written: words.describe(about),
    planned: z.array(z.string()).min(1),
    mentions: mentionWords,
    resolve: (argv) => argv,
  });
}

/** The links and nodes that words name, for the loader. */
export function mentionWords(words: readonly string[], path: readonly (string | number)[]): Mention[] {
  return words.flatMap((word, i): Mention[] => {
    const place = [...path, i];
    const ofCluster = CLUSTER_WORD.exec(word);
    if (ofCluster) {
      const node = ofCluster[2];
      const named = node === undefined || node === "self" ? [] : mentionNode(node, place);
      return [{ kind: "mode", name: node === undefined ? "cluster" : "slots", path: place }, ...named];
    }
    const ofShards = [...word.matchAll(SHARD_WORD)].flatMap(([, what, name = ""]): Mention[] => {
      const node = name === "self" ? [] : mentionNode(name, place);
      const named: Mention[] = what === "slot" ? [{ kind: "load", name, path: place }] : node;
      return [{ kind: "mode", name: "slots", path: place }, ...named];
    });
    const links = [...word.matchAll(PLACE)].map(([, link = ""]) => link.replace(/^self\b/, "replica"));
    return [...ofShards, ...links.flatMap((link) => mentionLink(link, place))];
  });
}

/**
 * Numbers a topology where the words ask for one. Copies of one command share the result: a controller's retry repeats the
 * number too.
 */
export function topologyVersion(words: readonly string[], cluster: Cluster): number | null {
  const asked = words.some((word) => CLUSTER_WORD.exec(word)?.[1] === "version");
  return asked ? cluster.nextTopologyVersion() : null;
}

/**
 * The words as this node is to get them now.
 * @param version what "{version}" becomes; by default a new number
 * @throws ChaosError internal: a role that nobody has; infrastructure: a node that has no slots
 */
export function fillWords(
  words: readonly string[],
  node: ClusterNode,
  cluster: Cluster,
  version = topologyVersion(words, cluster),
): string[] {
  return words.map((word) => {
    const [found, name, other] = CLUSTER_WORD.exec(word) ?? [];
    if (found === undefined) {
      return word
        .replace(SHARD_WORD, (_, what: string, of: string) => ofShard(cluster, node, what, of))
        .replace(PLACE, (_, link: string, part: "host" | "port") =>
          String(selectLink(cluster, link.replace(/^self\b/, node.name)).address[part]),
        );
    }
    if (name === "topology") return cluster.topologyText(node.name);
    if (name === "version") return String(version);
    return cluster.nodeId(other === "self" ? node.name : selectNode(cluster, String(other)).name);
  });
}

/** Every load has keys on a shard that carry its first tag (run/load-targets.ts). */
function ofShard(cluster: Cluster, self: ClusterNode, what: string, of: string): string {
  const node = what === "slot" || of === "self" ? self : selectNode(cluster, of);
  const tag = cluster.keyTag(node.name);
  if (tag === "") throw new ChaosError("infrastructure", `${node.name} has no slots: no key belongs to its shard`);
  return what === "slot" ? String(slotOf(tag)) : tag;
}
