import { groupBy } from "../base/group-by.ts";
import { textTable } from "../base/text-table.ts";
import type { ThreadGroup, WaitEdge } from "../journal/evidence-data.ts";
import { foldFrames } from "../locks/names/fold-frames.ts";
import type { ThreadHistory } from "./snapshots.ts";
import { syscallName } from "./syscalls.ts";
import { describeWait } from "./wait-edges.ts";
import { countedComms, type ThreadName } from "./wait-graph-text.ts";

interface GroupInput {
  threads: readonly ThreadHistory[];
  edges: readonly WaitEdge[];
  fds: ReadonlyMap<number, string>;
  name: ThreadName;
  /** Thread id → stack. */
  stacks?: ReadonlyMap<number, readonly string[]>;
}

/** Largest group first. */
export function groupThreads({ threads, edges, fds, name, stacks }: GroupInput): ThreadGroup[] {
  const doing = threads.map((thread) => {
    const own = edges.filter((edge) => edge.from === thread.tid);
    const stack = stacks?.get(thread.tid);
    const frames = stack ? { frames: foldFrames(stack) } : {};
    const { state, asleep } = thread;
    return { thread, same: { state, waitsFor: describeWait(thread, own, fds, name), asleep, ...frames } };
  });
  return [...groupBy(doing, ({ same }) => JSON.stringify(same)).values()]
    .flatMap((members): ThreadGroup[] => {
      const [first] = members;
      const tids = members.map(({ thread }) => thread.tid);
      const comms = countedComms(members.map(({ thread }) => thread.comm));
      return first ? [{ count: members.length, comms, tids, ...first.same }] : [];
    })
    .sort((a, b) => b.count - a.count);
}

/** threads.txt: one line per group, then one line per thread. */
export function threadsText(groups: readonly ThreadGroup[], threads: readonly ThreadHistory[]): string {
  const lines = [`${threads.length} threads in ${groups.length} groups`, ""];
  lines.push(
    ...textTable([
      ["threads", "state", "ran", "names", "waits for"],
      ...groups.map((g) => [String(g.count), g.state, g.asleep ? "no" : "yes", g.comms.join(", "), g.waitsFor]),
    ]),
    "",
  );
  const rows = threads.map((t) => [
    String(t.tid),
    t.nsTid === t.tid ? "" : String(t.nsTid),
    t.comm,
    t.state,
    t.same ? "same" : "changed",
    `${t.userMs + t.systemMs} (+${t.cpuMs})`,
    `${t.voluntary}/${t.involuntary}`,
    t.wchan ?? "-",
    syscallText(t),
  ]);
  const head = [
    "tid",
    "in container",
    "name",
    "state",
    "3 samples",
    "CPU ms",
    "switches vol/invol",
    "wchan",
    "system call",
  ];
  lines.push(...textTable([head, ...rows]));
  for (const { tid, comm, stack } of threads)
    if (stack && stack.length > 0)
      lines.push("", `kernel stack of ${comm} ${tid}`, ...stack.map((frame) => `  ${frame}`));
  return `${lines.join("\n")}\n`;
}

function syscallText({ syscall }: ThreadHistory): string {
  if (!syscall) return "not readable";
  if (syscall.kind !== "in") return syscall.kind === "running" ? "running" : "none";
  return `${syscallName(syscall.number)} ${syscall.args.map((arg) => `0x${arg.toString(16)}`).join(" ")}`;
}
