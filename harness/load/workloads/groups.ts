import type { LoadSpec } from "../../journal/plan.ts";
import { type CommandWriter, Text } from "../../resp/command-writer.ts";

/** Writes the keys of group `group`, one after the other, each with what goes between them. */
export type GroupKeys = (to: CommandWriter, group: number, each?: Piece) => void;

/** Written before (`part` undefined: behind) a key. */
interface Piece {
  before?: (part: number) => void;
  after?: (part: number) => void;
}

/** The keys of a load's groups: `elements` for each ("tx:7:0", "tx:7:1", …). */
export function groupKeys({ keyPrefix, elements }: Pick<LoadSpec, "keyPrefix" | "elements">): GroupKeys {
  const prefix = new Text(keyPrefix);
  const suffixes = Array.from({ length: elements }, (_, part) => new Text(`:${part}`));
  return (to, group, { before, after } = {}) => {
    for (const [part, suffix] of suffixes.entries()) {
      before?.(part);
      to.named(prefix, group, suffix);
      after?.(part);
    }
  };
}
