import { counted, formatTime } from "../base/units.ts";
import { graphSummary, proofSentence, type ThreadName } from "../forensics/wait-graph-text.ts";
import type { WaitEdge, WaitGraph } from "../journal/evidence-data.ts";
import type {
  Answer,
  ExaminationVerdict,
  ExaminedProcess,
  ExaminedSocket,
  ExaminedThread,
} from "../journal/examination.ts";

/** What a verdict is made of. */
export interface Observed {
  /** The process that was asked for. */
  pid: number;
  name: string;
  /** null: locks could not be read. */
  graph: WaitGraph | null;
  threadName: ThreadName;
  processes: readonly ExaminedProcess[];
  threads: readonly ExaminedThread[];
  sockets: readonly ExaminedSocket[];
  answers: readonly Answer[];
  /** What is not as it should be with a program of this kind. */
  hints: readonly string[];
  /** That it died, as a core tells. */
  death?: string | null;
  /** Why too little was seen of the process that was asked for, or null. */
  unseen: string | null;
  window: number;
}

/**
 * What hangs, and how sure that is. A proof is a cycle in which every holder is known, or a state that the kernel itself tells; everything
 * else is a hint, however plain it looks.
 */
export function judge(seen: Observed): ExaminationVerdict {
  const { graph, threadName } = seen;
  const cycles = graph?.cycles ?? [];
  const deadlocks = cycles.map((cycle) => (graph && proofSentence({ ...graph, cycles: [cycle] }, threadName)) ?? "");
  const died: StateProof[] = seen.death ? [{ class: "dead", sentence: seen.death }] : [];
  const states = [...stateProofs(seen), ...died];
  const proofs = [...deadlocks, ...states.map(({ sentence }) => sentence)];
  const hints = [...seen.hints, ...hintsOf(seen), ...(states.length > 0 ? [] : blockedHints(seen))];
  const [first] = proofs;
  if (first !== undefined) {
    const behind = graph && graph.queue.length > 0 ? `; ${counted(graph.queue.length, "thread")} behind` : "";
    const sentence = cycles.length > 0 ? `deadlock proven: ${first}${behind}` : first;
    return {
      class: cycles.length > 0 ? "deadlock" : (states[0]?.class ?? "stopped"),
      proved: true,
      sentence,
      proofs,
      hints,
    };
  }
  if (hints.length > 0) {
    // What a program of this kind says of itself needs the waits behind it.
    const sentence = `nothing is proved; ${hints.slice(0, seen.hints.length > 0 ? 2 : 1).join("; ")}`;
    return { class: "suspicious", proved: false, sentence, proofs, hints };
  }
  if (seen.unseen !== null) {
    return {
      class: "unknown",
      proved: false,
      sentence: `it cannot be told whether ${seen.name} hangs: ${seen.unseen}`,
      proofs,
      hints,
    };
  }
  const ran = seen.threads.filter(({ asleep }) => !asleep).length;
  const sentence = `nothing that hangs was seen: ${counted(seen.threads.length, "thread")}, ${ran} of which ran within ${formatTime(seen.window)}`;
  return { class: "nothing", proved: false, sentence, proofs, hints };
}

interface StateProof {
  class: "stopped" | "dead";
  sentence: string;
}

function stateProofs({ pid: asked, processes }: Observed): StateProof[] {
  return processes.flatMap(({ pid, title, state, tracer, frozen, still, parent }): StateProof[] => {
    const who = `${title} ${pid}`;
    // Children that have ended are there until their parent takes note of it: that is how processes end.
    if (pid === asked && (state === "Z" || state === "X"))
      return [
        {
          class: "dead",
          sentence: `${who} has ended (zombie), and its parent ${parent} has not taken note of it`,
        },
      ];
    if (frozen)
      return [{ class: "stopped", sentence: `${who} is frozen with its cgroup, as by a pause of its container` }];
    // A process whose calls are traced stands still again and again, and goes on.
    if (!still) return [];
    if (tracer !== 0 && (state === "t" || state === "T"))
      return [{ class: "stopped", sentence: `${who} stands still in a debugger: process ${tracer} traces it` }];
    if (state === "T")
      return [
        {
          class: "stopped",
          sentence: `${who} is stopped by a signal (SIGSTOP, SIGTSTP, SIGTTIN or SIGTTOU); kill -CONT ${pid} lets it go on`,
        },
      ];
    return [];
  });
}

/** Of a thread that runs without a pause. Percent. */
const BUSY = 90;

function hintsOf({ graph, threadName, threads, sockets, answers, window, hints: own }: Observed): string[] {
  const hints: string[] = [];
  if (
    graph &&
    (graph.class === "held-by-readers" || graph.class === "waits-on-thread" || graph.class === "waits-on-link")
  )
    hints.push(graphSummary(graph, threadName));
  // What holds up a shutdown may be a child that does not end.
  if (own.length > 0 && graph && graph.class === "none" && graph.threadWaits.length > 0)
    hints.push(graphSummary({ ...graph, class: "waits-on-thread" }, threadName));
  for (const edge of graph?.edges ?? []) if (edge.kind === "told") hints.push(toldSentence(edge, threadName));
  for (const { to, asked, silent, why } of answers) if (silent) hints.push(`${to} does not answer ${asked}: ${why}`);
  const stuck = sockets.filter((socket) => socket.stuck);
  if (stuck.length > 0) {
    const bytes = stuck.reduce((sum, { unread }) => sum + unread, 0);
    const what = `${counted(stuck.length, "connection")} with ${bytes} bytes in all`;
    hints.push(`nobody read from ${what} within ${formatTime(window)}`);
  }
  const silent = answers.some((answer) => answer.silent);
  const busy = threads.filter(({ cpu }) => cpu >= BUSY);
  if (silent && busy.length > 0)
    hints.push(`${busy.map(({ tid }) => threadName(tid)).join(", ")} ran all the time: perhaps a livelock`);
  return hints;
}

/** What stands still as a whole is in the same state. */
function blockedHints({ threads, threadName }: Observed): string[] {
  const blocked = threads.filter(({ state, asleep }) => state === "D" && asleep);
  const [first] = blocked;
  if (!first) return [];
  const more = blocked.length > 1 ? ` and ${blocked.length - 1} more` : "";
  const where = first.wchan === null ? "" : ` (${first.wchan})`;
  return [
    `${threadName(first.tid)}${more} waited in the kernel all the time and cannot be interrupted${where}: a disk or a network file system?`,
  ];
}

function toldSentence({ from, to, address }: WaitEdge, name: ThreadName): string {
  return `${name(from)} waits for ${to.kind === "thread" ? name(to.tid) : "others"} (${address})`;
}
