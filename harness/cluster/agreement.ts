import { countEach } from "../base/count-each.ts";
import type { RoleView } from "../systems/system.ts";
import type { Topology } from "./cluster.ts";

/*
 *   r1: CLUSTER NODES ─┐                        more than half name one owner of a shard
 *   m2: CLUSTER NODES ─┼─► views, by voter ─► agreement ─► topology as it is agreed, or null: nothing new
 *   s1: SENTINEL …    ─┘
 */

/** What is known of one voter's opinion; null: it does not answer. */
export type Views = ReadonlyMap<string, RoleView | null>;

/** What is to be agreed on. */
export interface Question {
  /** One slot of each shard that never moves, in the order of the topology's masters; null: all of its slots are elsewhere, or on their way. */
  readonly shards: readonly (number | null)[];
  /** The node that announces this host; null: none of this cluster. */
  nameOf(host: string): string | null;
}

interface Owner {
  name: string | null;
  epoch: number;
}

/** Whom a view names as the master of the shard that has this slot: of two claims the one with the higher config epoch. */
export function ownerIn(view: RoleView, slot: number | null, nameOf: Question["nameOf"]): Owner | null {
  if (slot === null) return null;
  const claims = view.masters.filter(({ slots }) => slots.some(([first, last]) => first <= slot && slot <= last));
  const newest = claims.reduce<(typeof claims)[number] | null>(
    (best, one) => (best === null || one.epoch > best.epoch ? one : best),
    null,
  );
  return newest && { name: nameOf(newest.host), epoch: newest.epoch };
}

/** The shards, by number from 0, of which a view's own server says that it is the master. */
export function claimsIn(view: RoleView, { shards }: Question): number[] {
  const own = view.masters.filter(({ host }) => host === view.self).flatMap(({ slots }) => slots);
  return shards.flatMap((slot, shard) =>
    slot !== null && own.some(([first, last]) => first <= slot && slot <= last) ? [shard] : [],
  );
}

/** The newest that a view knows of; -1: nothing. */
export const epochOf = (view: RoleView | null): number =>
  Math.max(-1, ...(view?.masters ?? []).map(({ epoch }) => epoch));

/** Where one of several rules at a time: what the one with the newest word says; nobody else has a say. */
export function lastWord(views: Views): Views {
  const said = [...views].flatMap(([name, view]) => (view === null ? [] : [{ name, view, epoch: epochOf(view) }]));
  const newest = said.reduce<(typeof said)[number] | null>(
    (best, one) => (best && best.epoch >= one.epoch ? best : one),
    null,
  );
  return new Map(newest === null ? [] : [[newest.name, newest.view]]);
}

/**
 * The topology that more than half of all voters, also the silent ones, agree on, when it is another than `now`. A shard on
 * which they do not agree keeps its master. Who has lost its shard will follow the one that has it, or has no part in the
 * topology, where it says that it stays without slots.
 */
export function agreement(
  views: Views,
  question: Question,
  now: Readonly<Topology>,
): { topology: Topology; reason: string } | null {
  const { shards, nameOf } = question;
  const reasons: string[] = [];
  const heirs = new Map<string, string>();
  const masters = shards.map((slot, shard) => {
    const before = now.masters[shard] as string;
    const votes = new Map<string, number>();
    let epoch = 0;
    for (const view of views.values()) {
      const owner = view && ownerIn(view, slot, nameOf);
      if (!owner?.name) continue;
      votes.set(owner.name, (votes.get(owner.name) ?? 0) + 1);
      epoch = Math.max(epoch, owner.epoch);
    }
    const winner = [...votes].find(([, count]) => 2 * count > views.size);
    if (!winner || winner[0] === before) return before;
    heirs.set(before, winner[0]);
    reasons.push(`${winner[0]} is master instead of ${before}: ${winner[1]} of ${views.size} say so (epoch ${epoch})`);
    return winner[0];
  });
  // One server for two shards is a view in the middle of a change.
  if (new Set(masters).size < masters.length) return null;
  const replicaOf: Record<string, string> = {};
  const known = new Set([...now.masters, ...Object.keys(now.replicaOf), ...views.keys()]);
  for (const name of [...known].filter((one) => !masters.includes(one))) {
    const agreed = followedBy(name, views, nameOf);
    const isNew = now.replicaOf[name] === undefined && !now.masters.includes(name);
    // A sentinel, or a master that stays without slots as it did before.
    if (isNew && (agreed === null || !masters.includes(agreed))) continue;
    if (agreed === null && views.get(name)?.staysEmpty) {
      reasons.push(`${name} has lost all its slots, and stays a master as it is configured to`);
      continue;
    }
    const before = now.replicaOf[name] ?? name;
    const master = agreed !== null && masters.includes(agreed) ? agreed : (heirs.get(before) ?? before);
    if (isNew || (now.replicaOf[name] !== undefined && now.replicaOf[name] !== master && !heirs.has(before))) {
      reasons.push(`${name} follows ${master}`);
    }
    replicaOf[name] = master;
  }
  return reasons.length > 0 ? { topology: { masters, replicaOf }, reason: reasons.join("; ") } : null;
}

/** Whom more than half of all voters say that this node follows. */
function followedBy(name: string, views: Views, nameOf: Question["nameOf"]): string | null {
  const votes = [...views.values()].flatMap((view) => {
    const pair = view && Object.entries(view.replicaOf).find(([host]) => nameOf(host) === name);
    return (pair && nameOf(pair[1])) || [];
  });
  return [...countEach(votes)].find(([, count]) => 2 * count > views.size)?.[0] ?? null;
}

/** What each voter says otherwise than the topology, in words; a silent one says nothing. */
export function dissent(
  views: Views,
  { shards, nameOf }: Question,
  { masters }: Readonly<Topology>,
): { node: string; what: string }[] {
  return [...views].flatMap(([node, view]) => {
    if (view === null) return [];
    const wrong = shards.flatMap((slot, shard) => {
      if (slot === null) return [];
      const named = ownerIn(view, slot, nameOf)?.name ?? "nobody";
      return named === masters[shard] ? [] : [`says that ${named} is master instead of ${masters[shard]}`];
    });
    return wrong.length > 0 ? [{ node, what: wrong.join(", ") }] : [];
  });
}
