import type { Fault } from "../faults/fault.ts";
import type { PlannedParams } from "../journal/plan.ts";
import { word } from "./bash.ts";
import type { BashFunction } from "./bash-functions.ts";

/** What a fault's lines may rely on. */
export interface ScriptContext {
  /** Links go through Toxiproxy. */
  readonly links: boolean;
  /** Silence of the nodes is measured: what a fault stops must not count. */
  readonly watched: boolean;
  /** How long a graceful stop may take where the plan leaves it to the server, ms. */
  readonly stopWithin: number;
  /** They want a password, which is in $PASSWORD. */
  readonly secret: boolean;
  /** The servers' words for FLUSHALL and FLUSHDB. */
  readonly flush: { flushall: readonly string[]; flushdb: readonly string[] };
}

/** One occurrence of a fault as bash. */
export interface FaultLines {
  /** Lines that inject it. They may set variables that the lines of `heal` use. */
  inject: string[];
  /** Lines that undo it; none: there is nothing to undo. */
  heal: string[];
  functions: BashFunction[];
  /** What bash does in another way than kvchaos, or not at all: said in a comment. */
  differs?: string[];
}

/** What else a script must know of a fault. */
interface Traits<P> {
  /** Does this occurrence touch a link? Without any such fault the script leaves Toxiproxy out. */
  links?(params: P): boolean;
  /** It takes a node off the network of the data: the clients need another one. */
  disconnects?(params: P): boolean;
  /** It changes who is master: load must follow. */
  moves?: boolean;
}

/** One occurrence, its parameters understood. */
export interface ReadFault {
  links: boolean;
  disconnects: boolean;
  /** Bytes of the disk of its own that every node's data must lie on; 0: any disk will do. */
  disk: number;
  /** @param id unique among all occurrences, of letters, digits and dashes */
  write(id: string, context: ScriptContext): FaultLines;
}

/** How one kind of fault is done with docker, redis-cli and Toxiproxy's HTTP API. One file per kind; named in registry.ts. */
export interface FaultScript {
  readonly kind: string;
  readonly moves: boolean;
  /** null: the parameters are of another version. */
  read(params: PlannedParams): ReadFault | null;
}

export function scriptOf<W, P>(
  { kind, parameters, ownDisk }: Fault<W, P>,
  write: (params: P, id: string, context: ScriptContext) => FaultLines,
  { links, disconnects, moves = false }: Traits<P> = {},
): FaultScript {
  return {
    kind,
    moves,
    read(given) {
      const { success, data: params } = parameters.planned.safeParse(given);
      if (!success) return null;
      return {
        links: links?.(params) ?? false,
        disconnects: disconnects?.(params) ?? false,
        disk: ownDisk?.(params) ?? 0,
        write: (id, context) => write(params, id, context),
      };
    },
  };
}

/** A node of the plan ("r1", "master", "replica/1") as a bash word. */
export function nodeWord(selector: string): { text: string; functions: BashFunction[] } {
  if (selector === "master") return { text: '"$(current_master)"', functions: ["current-master"] };
  const index = /^replica\/(\d+)$/.exec(selector)?.[1];
  if (index !== undefined) return { text: `"$(replica_number ${index})"`, functions: ["replica-number"] };
  return { text: word(selector), functions: [] };
}

/** The node that an occurrence is about: found once, used in all of its lines. */
export function nodeVariable(
  selector: string,
  name = "node",
): { set: string[]; use: string; functions: BashFunction[] } {
  const { text, functions } = nodeWord(selector);
  return text.startsWith('"$(')
    ? { set: [`${name}=${text}`], use: `"$${name}"`, functions }
    : { set: [], use: text, functions };
}

/** "$node" inside a longer word: "$P-$node", $P-r1. */
export function containerWord(use: string): string {
  return use.startsWith('"') ? `"$P-${use.slice(1, -1)}"` : `"$P-"${use}`;
}

/** The name of a link in the script ("r1_m1"), for a link of the plan ("replica/0 -> master"). */
export function linkVariable(link: string, name = "link"): { set: string[]; use: string; functions: BashFunction[] } {
  const [fromText = "", toText = ""] = link.split("->").map((side) => side.trim());
  const from = nodeWord(fromText);
  const to = toText === "master" ? { text: "master", functions: [] } : nodeWord(toText);
  const fixed = !from.text.startsWith('"$(') && !to.text.startsWith('"$(') && toText !== "master";
  if (fixed) return { set: [], use: word(`${fromText}_${toText}`), functions: [] };
  const functions: BashFunction[] = ["link-name", ...from.functions, ...to.functions];
  return { set: [`${name}=$(link_name ${from.text} ${to.text})`], use: `"$${name}"`, functions };
}
