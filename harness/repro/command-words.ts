import { word } from "./bash.ts";
import { nodeWord } from "./fault-script.ts";

/** "{topology}", "{version}", "{m2 id}": whole words, as faults/commands/command-words.ts fills them in. */
const CLUSTER_WORD = /^\{\s*(?:(topology|version)|(\S+)\s+id)\s*\}$/;

/** "{tag of m2}", "{slot of set}", "{self -> m2 host}": the same for parts of words. */
const PART = /\{\s*(?:(tag|slot)\s+of\s+([^\s{}]+)|(\S+)\s*->\s*(\S+)\s+(host|port))\s*\}/;
const PARTS = /(\{\s*(?:(?:tag|slot)\s+of\s+[^\s{}]+|\S+\s*->\s*\S+\s+(?:host|port))\s*\})/;

/** A command's words for bash; those that name a link's end ask for it when the command is sent. */
export function commandWords(argv: readonly string[], self: string): string {
  const node = (name: string): string => (name === "self" ? self : nodeWord(name));
  return argv
    .map((one) => {
      const [ofCluster, text, named = "self"] = CLUSTER_WORD.exec(one) ?? [];
      if (text === "version") return '"$(now_ms)"';
      if (text === "topology") return `"$(topology_text ${self})"`;
      if (ofCluster !== undefined) return `"\${ID[${node(named)}]}"`;
      const parts = one.split(PARTS).filter((part) => part !== "");
      return parts.map((part) => partWord(part, self, node)).join("") || "''";
    })
    .join(" ");
}

function partWord(part: string, self: string, node: (name: string) => string): string {
  const [found, ofShard, shard = "", from = "", to = "", end] = PART.exec(part) ?? [];
  if (found === undefined) return word(part);
  // What the keys of a shard begin with, or the slot of such keys: arrays that replication-step.ts declares.
  if (ofShard === "slot") return `"\${SLOT[${self}]}"`;
  if (ofShard === "tag") return `"\${TAG[${node(shard)}]}"`;
  const target = to === "master" ? `"$(master_of ${node(from)})"` : nodeWord(to);
  return `"$(place ${node(from)} ${target} ${end})"`;
}
