import { word } from "./bash.ts";
import type { BashFunction } from "./bash-functions.ts";
import { nodeWord } from "./fault-script.ts";

/** "{self -> m2 host}", as faults/commands/command-words.ts fills it in. */
const PLACE = /\{\s*(\S+)\s*->\s*(\S+)\s+(host|port)\s*\}/;

/** "{topology}", "{version}", "{m2 id}": the same. */
const CLUSTER_WORD = /^\{\s*(?:(topology|version)|(\S+)\s+id)\s*\}$/;

/** "{tag of m2}", "{slot of set}": the same. */
const SHARD_WORD = /\{\s*(tag|slot)\s+of\s+([^\s{}]+)\s*\}/;
const SHARD_WORDS = /(\{\s*(?:tag|slot)\s+of\s+[^\s{}]+\s*\})/;

/** A command's words for bash; those that name a link's end ask for it when the command is sent. */
export function commandWords(argv: readonly string[], self: string): { text: string; functions: BashFunction[] } {
  const functions: BashFunction[] = [];
  const text = argv.map((one) => {
    const ofCluster = CLUSTER_WORD.exec(one);
    if (ofCluster) {
      const node = ofCluster[2] === "self" || !ofCluster[2] ? { text: self, functions: [] } : nodeWord(ofCluster[2]);
      functions.push(...node.functions);
      if (ofCluster[1] === "version") return '"$(now_ms)"';
      return ofCluster[1] === "topology" ? `"$(topology_text ${node.text})"` : `"\${ID[${node.text}]}"`;
    }
    if (!SHARD_WORD.test(one)) return placeWord(one, self, functions);
    return one
      .split(SHARD_WORDS)
      .filter((part) => part !== "")
      .map((part) => shardWord(part, self, functions) ?? placeWord(part, self, functions))
      .join("");
  });
  return { text: text.join(" "), functions };
}

/** What the keys of a shard begin with, or the slot of such keys: arrays that replication-step.ts declares. */
function shardWord(part: string, self: string, functions: BashFunction[]): string | null {
  const [found, what, of = ""] = SHARD_WORD.exec(part) ?? [];
  if (found === undefined) return null;
  const node = what === "slot" || of === "self" ? { text: self, functions: [] } : nodeWord(of);
  functions.push(...node.functions);
  return `"\${${what === "slot" ? "SLOT" : "TAG"}[${node.text}]}"`;
}

function placeWord(one: string, self: string, functions: BashFunction[]): string {
  // Text and places take turns: split keeps the three captured parts of each place.
  const parts = one.split(PLACE);
  if (parts.length === 1) return word(one);
  let joined = parts[0] === "" ? "" : word(parts[0] ?? "");
  for (let i = 1; i < parts.length; i += 4) {
    const [from = "", to = "", part = "", after = ""] = parts.slice(i, i + 4);
    const source = from === "self" ? { text: self, functions: [] } : nodeWord(from);
    const target =
      to === "master" ? { text: `"$(master_of ${source.text})"`, functions: ["topology" as const] } : nodeWord(to);
    functions.push("place", ...source.functions, ...target.functions);
    joined += `"$(place ${source.text} ${target.text} ${part})"${after === "" ? "" : word(after)}`;
  }
  return joined;
}
