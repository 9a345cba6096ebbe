import type { RunRecord } from "../../journal/record.ts";
import { adminCommands } from "../../journal/view/admin-commands.ts";

/** A stretch in which one node was the master of its shard without interruption. Run milliseconds. */
export interface Term {
  shard: number;
  node: string;
  from: number;
  /** From then on the node has said that it is master: before it, it may have been a replica yet. */
  settled: number;
  /** Infinity: to the end of the run. */
  to: number;
  /** The shard begins with it, empty. */
  first: boolean;
}

/**
 * The term of a promoted node, from when it was certainly the master: commands that were given to it before its promotion
 * may come late and make it a replica once more (a storm over several connections), and INFO must have said "master".
 * [] when that never was so.
 */
export function settledFrom(record: RunRecord, term: Term): Term[] {
  const from = Math.max(term.from, ...lateCommands(record, term));
  const said = record.ofNode("node-state", term.node).find(({ t, state }) => t >= from && state.role === "master");
  return said && from < term.to ? [{ ...term, from, settled: said.t }] : [];
}

/** When the commands were over that had been sent to the node before its promotion and had no answer by then. */
function lateCommands(record: RunRecord, { node, from }: Term): number[] {
  const healed = record.view.phase("heal")?.to ?? Infinity;
  return (
    adminCommands(record)
      .filter(({ sent }) => sent.node === node && sent.t < from && mayChangeRole(sent.argv))
      // Without an answer it may be carried out at any time; the heal phase tells every server its role once more.
      .map(({ end }) => (end === null || end.step === "lost" ? healed : end.t))
      .filter((t) => t >= from)
  );
}

/** Of a lasting administration connection the words are not known: it gives roles. */
function mayChangeRole(argv: readonly string[] | undefined): boolean {
  return argv === undefined || /^(slaveof|replicaof|clusterx?|failover)$/i.test(argv[0] ?? "");
}
