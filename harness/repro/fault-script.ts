import type { Fault } from "../faults/fault.ts";
import type { PlannedParams } from "../journal/plan.ts";
import { word } from "./bash.ts";

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
  heal?: string[];
  /** What bash does in another way than kvchaos, or not at all: said in a comment. */
  differs?: string[];
}

/** bash cannot do it: the message is a sentence that says why. */
export class Untranslatable extends Error {}

/** What else a script must know of a fault. */
interface Traits<P> {
  /** Does this occurrence touch a link? Without any such fault the script leaves Toxiproxy out. */
  links?(params: P): boolean;
  /** It takes a node off the network of the data: the clients need another one. */
  disconnects?(params: P): boolean;
  /** The image of another server that takes over a node's data. */
  exchanges?(params: P): string | undefined;
  /** It changes who is master: load must follow. */
  moves?: boolean;
  /** Slots go from master to master: clients are redirected. */
  redirects?: boolean;
}

/** One occurrence, its parameters understood. */
export interface ReadFault {
  links: boolean;
  disconnects: boolean;
  /** Bytes of the disk of its own that every node's data must lie on; 0: any disk will do. */
  disk: number;
  /** The image of another server that takes over a node's data; null: none does. */
  exchange: string | null;
  /** @param id unique among all occurrences, of letters, digits and dashes */
  write(id: string, context: ScriptContext): FaultLines;
}

/** How one kind of fault is done with docker, redis-cli and Toxiproxy's HTTP API. One file per kind; named in registry.ts. */
export interface FaultScript {
  readonly kind: string;
  readonly moves: boolean;
  readonly redirects: boolean;
  /** null: the parameters are of another version. */
  read(params: PlannedParams): ReadFault | null;
}

export function scriptOf<W, P>(
  { kind, parameters, ownDisk }: Fault<W, P>,
  write: (params: P, id: string, context: ScriptContext) => FaultLines,
  { links, disconnects, exchanges, moves = false, redirects = false }: Traits<P> = {},
): FaultScript {
  return {
    kind,
    moves,
    redirects,
    read(given) {
      const { success, data: params } = parameters.planned.safeParse(given);
      if (!success) return null;
      return {
        links: links?.(params) ?? false,
        disconnects: disconnects?.(params) ?? false,
        disk: ownDisk?.(params) ?? 0,
        exchange: exchanges?.(params) ?? null,
        write: (id, context) => write(params, id, context),
      };
    },
  };
}

/** The same for a fault of one node, by the word for that node in all of its lines. */
export function nodeScript<W, P extends { node: string }>(
  fault: Fault<W, P>,
  write: (node: string, params: P, id: string, context: ScriptContext) => FaultLines,
  traits: Traits<P> = {},
): FaultScript {
  const own = (params: P, id: string, context: ScriptContext): FaultLines => {
    const { set, use } = nodeVariable(params.node);
    const lines = write(use, params, id, context);
    return { ...lines, inject: [...set, ...lines.inject] };
  };
  return scriptOf(fault, own, traits);
}

/** A node of the plan ("r1", "master", "replica/1") as a bash word. */
export function nodeWord(selector: string): string {
  if (selector === "master") return '"$(current_master)"';
  const index = /^replica\/(\d+)$/.exec(selector)?.[1];
  return index === undefined ? word(selector) : `"$(replica_number ${index})"`;
}

/** What is found once and used in several lines. */
interface Variable {
  set: string[];
  use: string;
}

/** The node that an occurrence is about. */
export function nodeVariable(selector: string, name = "node"): Variable {
  const text = nodeWord(selector);
  return isAsked(text) ? { set: [`${name}=${text}`], use: `"$${name}"` } : { set: [], use: text };
}

/** The script finds out which node it is only when it runs. */
function isAsked(text: string): boolean {
  return text.startsWith('"$(');
}

/** "$node" inside a longer word: "$P-$node", "$P-"r1. */
export function containerWord(use: string, before = "$P-"): string {
  return use.startsWith('"') ? `"${before}${use.slice(1, -1)}"` : `"${before}"${use}`;
}

/** The name of a link in the script ("r1_m1"), for a link of the plan ("replica/0 -> master"). */
export function linkVariable(link: string, name = "link"): Variable {
  const [fromText = "", toText = ""] = link.split("->").map((side) => side.trim());
  const [from, to] = [nodeWord(fromText), toText === "master" ? "master" : nodeWord(toText)];
  if (toText !== "master" && !isAsked(from) && !isAsked(to)) return { set: [], use: word(`${fromText}_${toText}`) };
  return { set: [`${name}=$(link_name ${from} ${to})`], use: `"$${name}"` };
}
