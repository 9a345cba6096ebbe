import type { Cluster, ClusterNode } from "../cluster/cluster.ts";
import type { Mention } from "./fault.ts";
import { mentionLink, selectLink } from "./selector.ts";

/*
 * A command's words may name a link's end as the servers must dial it: ["SLAVEOF", "{self -> m2 host}", "{self -> m2 port}"].
 * `self` is the node that gets the command, the other side any node selector. It becomes an address when the command is
 * sent, because roles move and ports are chosen when the cluster starts.
 */
const PLACE = /\{\s*(\S+\s*->\s*\S+)\s+(host|port)\s*\}/g;

/** The links that words name, for the loader. */
export function mentionWords(words: readonly string[], path: readonly (string | number)[]): Mention[] {
  return words.flatMap((word, i) =>
    [...word.matchAll(PLACE)].flatMap(([, link = ""]) => mentionLink(link.replace(/^self\b/, "replica"), [...path, i])),
  );
}

/** The words as this node is to get them now. @throws ChaosError internal: a role that nobody has */
export function fillWords(words: readonly string[], node: ClusterNode, cluster: Cluster): string[] {
  return words.map((word) =>
    word.replace(PLACE, (_, link: string, part: "host" | "port") =>
      String(selectLink(cluster, link.replace(/^self\b/, node.name)).address[part]),
    ),
  );
}
