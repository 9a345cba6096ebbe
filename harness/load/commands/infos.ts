import type { Reply } from "../../resp/reply.ts";
import type { Argument, CommandSyntax } from "./syntax.ts";

/** What COMMAND tells of a command. */
export interface CommandInfo {
  /** In capitals. */
  name: string;
  /** Words with the name; negative: at least so many. */
  arity: number;
  /** Places of its keys, the name being 0: 1, -1 and 2 are 1, 3, 5, … to the end. */
  keys: { first: number; last: number; step: number };
}

/** Reads the answer to COMMAND; null: it is none. */
export function commandInfos(reply: Reply): CommandInfo[] | null {
  if (!Array.isArray(reply)) return null;
  const all = reply.flatMap((entry): CommandInfo[] => {
    if (!Array.isArray(entry)) return [];
    const [name, arity, , first, last, step] = entry;
    return [
      {
        name: String(name).toUpperCase(),
        arity: Number(arity),
        keys: { first: Number(first), last: Number(last), step: Math.max(1, Number(step)) },
      },
    ];
  });
  return all.length > 0 ? all : null;
}

/** As many words as it must have: keys where they are, and anything elsewhere. */
export function syntaxOfInfo({ name, arity, keys }: CommandInfo): CommandSyntax {
  const words = Math.abs(arity);
  const last = keys.last < 0 ? words + keys.last : keys.last;
  const isKey = (at: number): boolean => at >= keys.first && at <= last && (at - keys.first) % keys.step === 0;
  const all = Array.from({ length: words - 1 }, (_, i): Argument => {
    return isKey(i + 1)
      ? { kind: "word", name: "key", type: "key" }
      : { kind: "word", name: "anything", type: "string" };
  });
  return { name: [name], group: "other", arguments: all };
}
