import path from "node:path";
import { groupBy } from "../../base/group-by.ts";
import { clip } from "../../base/shorten.ts";
import type { LockSite, NamedLockUse } from "../../journal/prediction.ts";
import type { Dependency, LockGraph, LockUse } from "../graph.ts";

/** What the addresses of a process are called. */
export interface Naming {
  site(address: number): LockSite;
  /** Function names, innermost first; empty where they could not be had. @param number of a kept stack */
  stack(number: number | null): readonly string[];
}

/** Longer names of functions are cut. */
const LONGEST_NAME = 120;
/** How functions are called that do nothing but take a lock: by the last part of the name. */
const WRAPPER =
  /^(?:(?:\w*_)?(?:rd|wr|spin)?lock(?:_shared|_guard|_exclusive)?|(?:[A-Z][a-z]*|RW)*Lock(?:Guard|Shared|Exclusive)?)$/;

/** "kvrocks::Server::AddMaster(std::string const&, bool) const" → "kvrocks::Server::AddMaster" */
export function functionName(demangled: string): string {
  const bare = demangled.replace(/ \[clone [^\]]*\]/g, "").replace(/\[abi:\w+\]/g, "");
  const list = /\)(?: const)?(?: volatile)?(?: &{1,2})?(?: noexcept)?$/.exec(bare);
  if (!list) return clip(bare, LONGEST_NAME);
  let depth = 0;
  let begin = list.index;
  for (; begin >= 0; begin--) {
    if (bare[begin] === ")") depth++;
    if (bare[begin] === "(" && --depth === 0) break;
  }
  return clip(begin > 0 ? bare.slice(0, begin) : bare, LONGEST_NAME);
}

/** Does this function only take a lock, for somebody else? */
export function isWrapper(demangled: string): boolean {
  const plain = withoutTemplates(functionName(demangled));
  return WRAPPER.test(plain.slice(plain.lastIndexOf(":") + 1)) || plain.startsWith("std::");
}

function withoutTemplates(name: string): string {
  const fewer = name.replace(/<[^<>]*>/g, "");
  return fewer === name ? name : withoutTemplates(fewer);
}

/** Who called the wrapper that a lock was taken in. */
export function callerOf(site: LockSite, stack: readonly string[]): string | null {
  if (site.function === null || !isWrapper(site.function)) return null;
  const name = functionName(site.function);
  const at = stack.findIndex((frame) => functionName(frame) === name);
  const caller = at < 0 ? undefined : stack.slice(at + 1).find((frame) => !isWrapper(frame));
  return caller === undefined ? null : functionName(caller);
}

/** Where a lock is taken, for people: "Server::AddMaster", or "libstorage.so+0x1f20". */
export function placeOf({ site, caller }: Pick<NamedLockUse, "site" | "caller">): string {
  if (caller !== null) return caller;
  return site.function === null
    ? `${path.posix.basename(site.module)}+0x${site.offset.toString(16)}`
    : functionName(site.function);
}

/** Sites and callers of one graph, each looked up once. */
export class Places {
  readonly #naming: Naming;
  readonly #sites = new Map<number, LockSite>();
  readonly #stacks = new Map<number, readonly string[]>();
  /** How a lock that is held was once wanted. */
  readonly #taken: ReadonlyMap<string, readonly Dependency[]>;

  constructor({ dependencies }: Pick<LockGraph, "dependencies">, naming: Naming) {
    this.#naming = naming;
    this.#taken = groupBy(dependencies, ({ wants }) => keyOf(wants));
  }

  site(address: number): LockSite {
    const site = this.#sites.get(address) ?? this.#naming.site(address);
    this.#sites.set(address, site);
    return site;
  }

  stack(number: number | null): readonly string[] {
    if (number === null) return [];
    const stack = this.#stacks.get(number) ?? this.#naming.stack(number);
    this.#stacks.set(number, stack);
    return stack;
  }

  /** @param stack of where it was wanted */
  wanted({ site }: LockUse, stack: number | null): Pick<NamedLockUse, "site" | "caller"> {
    const named = this.site(site);
    return { site: named, caller: isNamedWrapper(named) ? callerOf(named, this.stack(stack)) : null };
  }

  /** The lock number `i` of those that were held. */
  held(holds: readonly LockUse[], i: number): Pick<NamedLockUse, "site" | "caller"> {
    const use = holds[i];
    if (!use) return { site: this.site(0), caller: null };
    const named = this.site(use.site);
    return {
      site: named,
      caller: isNamedWrapper(named) ? callerOf(named, this.stack(this.#whenTaken(holds, i))) : null,
    };
  }

  /** The stack from when it was taken while the same was held as now before it. */
  #whenTaken(holds: readonly LockUse[], i: number): number | null {
    const use = holds[i];
    const all = use ? (this.#taken.get(keyOf(use)) ?? []) : [];
    const before = holds.slice(0, i).map(keyOf).join(" ");
    const same = all.find(({ holds: then, stack }) => stack !== null && then.map(keyOf).join(" ") === before);
    return (same ?? all.find(({ stack }) => stack !== null))?.stack ?? null;
  }
}

function isNamedWrapper({ function: name }: LockSite): boolean {
  return name !== null && isWrapper(name);
}

function keyOf({ lock, mode, site }: LockUse): string {
  return `${lock} ${mode} ${site}`;
}
