import { groupBy } from "../base/group-by.ts";
import { groupThreads } from "../forensics/thread-groups.ts";
import { countedComms, type ThreadName } from "../forensics/wait-graph-text.ts";
import type { ThreadGroup } from "../journal/evidence-data.ts";
import type { ExaminedGroup, ExaminedThread } from "../journal/examination.ts";
import type { FamilyLook } from "./family-look.ts";

/**
 * Threads that do the same thing, whatever process they belong to; those that rested longest first among groups of a size.
 * @param stacks by thread, where somebody has asked for them
 */
export function groupsOf(
  { threads, edges, descriptors }: Pick<FamilyLook, "threads" | "edges" | "descriptors">,
  name: ThreadName,
  examined: readonly ExaminedThread[],
  stacks?: ReadonlyMap<number, readonly string[]>,
): ExaminedGroup[] {
  const byTid = new Map(examined.map((thread) => [thread.tid, thread]));
  const own = [...groupBy(threads, ({ pid }) => pid)].flatMap(([pid, members]) => {
    const fds = descriptors.get(pid)?.last.fds ?? new Map<number, string>();
    return groupThreads({ threads: members, edges, fds, name, ...(stacks ? { stacks } : {}) });
  });
  const alike = groupBy(own, ({ state, waitsFor, asleep, frames }) =>
    JSON.stringify([state, waitsFor, asleep, frames]),
  );
  return [...alike.values()]
    .flatMap((same) => merged(same, byTid))
    .sort((a, b) => b.count - a.count || (b.restedFor?.most ?? 0) - (a.restedFor?.most ?? 0));
}

function merged(same: readonly ThreadGroup[], byTid: ReadonlyMap<number, ExaminedThread>): ExaminedGroup[] {
  const [first] = same;
  if (!first) return [];
  const tids = same.flatMap((group) => group.tids);
  const members = tids.flatMap((tid) => byTid.get(tid) ?? []);
  const rests = members.flatMap(({ restedFor }) => (restedFor === null ? [] : [restedFor]));
  const restedFor = rests.length === 0 ? null : { least: Math.min(...rests), most: Math.max(...rests) };
  const cpu = Math.round(members.reduce((sum, thread) => sum + thread.cpu, 0) * 10) / 10;
  return [{ ...first, tids, count: tids.length, comms: countedComms(members.map(({ comm }) => comm)), cpu, restedFor }];
}
