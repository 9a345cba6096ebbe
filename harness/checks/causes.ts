import { type Finding, kindOf } from "../journal/finding.ts";
import type { RunRecord } from "../journal/record.ts";

/*
 *   crash, hang ──► what follows on that node and on those that replicate from it:
 *                   a command without answer, stuck replication, slow recovery, clients that are not served, a shard
 *                   without master, an expectation that is not met, and
 *   full syncs in a loop ──────────────────────────────────────────► stuck replication, slow recovery, and as below
 *   stuck replication, slow recovery ──────────────────────────────► divergence: data that had no way to get there
 *
 * One cause, one headline: whoever reads "differs in 4000 keys" of a replica that never got its link back looks in the wrong place.
 */

/** What may follow from a server that ended or does not answer. */
const AFTER_TROUBLE: readonly string[] = [
  "stuck-replication",
  "full-sync",
  "slow-recovery",
  "divergence",
  "unavailable",
  "unmet-expectation",
  "split-brain",
];
/** Of the hang's kinds these are about one command, not about the server. */
const COMMANDS: readonly string[] = ["blocked-command", "unanswered-command"];
/** What may follow from a replica that does not get its master's data. */
const AFTER_STALL: readonly string[] = ["divergence", "unmet-expectation"];
const STALLS: readonly string[] = ["stuck-replication", "full-sync", "slow-recovery"];
/** Nobody is master where the only one that was has ended; two masters do not come of that. */
const MASTERLESS: readonly string[] = ["no-master", "no-claimant", "wrong-master"];
/** A consequence may be noticed a little before its cause is. ms */
const SLACK_MS = 5_000;

/** The same results, in which a finding that follows from another says so. */
export function withCauses<R extends { findings: Finding[] }>(record: RunRecord, results: readonly R[]): R[] {
  const all = results.flatMap(({ findings }) => findings);
  const replicaOf = record.view.replicaOf;
  const notes = record.of("note").filter(({ kind }) => kind === "not-healed");
  const around = { all, replicaOf, untold: new Set(notes.map(({ about }) => about)) };
  return results.map((result) => ({
    ...result,
    findings: result.findings.flatMap((finding) => {
      const cause = causeOf(finding, around);
      if (cause) return [{ ...finding, consequenceOf: labelOf(cause) }];
      const apart = notLinked(finding);
      return apart ? [apart, { ...finding, consequenceOf: labelOf(apart) }] : [finding];
    }),
  }));
}

/** No check has told why the data had no way to get there: that is the headline all the same, and the data that differ follow from it. */
function notLinked({ type, node, from, detail }: Finding): Finding | null {
  if (type !== "divergence" || detail?.apart === undefined) return null;
  const summary = `${node} ${detail.apart} after every fault was healed and load had stopped: it had no way to its master's data.`;
  return { type: "stuck-replication", class: "not-linked", node, from, to: null, summary, proof: null, evidence: [] };
}

/** "crash/exit of m1": how a consequence names its cause. */
export function labelOf(finding: Pick<Finding, "type" | "class" | "node">): string {
  return `${kindOf(finding)} of ${finding.node ?? "the cluster"}`;
}

/** Causes first, each with what follows from it behind it. */
export function byCause(findings: readonly Finding[]): Finding[] {
  const labels = new Set(findings.filter(isRoot).map(labelOf));
  const roots = findings.filter((one) => isRoot(one) || !labels.has(one.consequenceOf as string));
  return roots.flatMap((root) => [
    root,
    ...(isRoot(root) && roots.findIndex((one) => labelOf(one) === labelOf(root)) === roots.indexOf(root)
      ? findings.filter((one) => one !== root && one.consequenceOf === labelOf(root))
      : []),
  ]);
}

export function isRoot({ consequenceOf }: Pick<Finding, "consequenceOf">): boolean {
  return consequenceOf === undefined;
}

interface Around {
  all: readonly Finding[];
  replicaOf: Readonly<Record<string, string>>;
  /** Nodes that could not be told their roles when everything was healed. */
  untold: ReadonlySet<string>;
}

function causeOf(finding: Finding, { all, replicaOf, untold }: Around): Finding | undefined {
  const nodes = finding.node === null ? null : lineage(finding.node, replicaOf);
  const reaches = (other: Finding): boolean =>
    other !== finding &&
    (nodes === null || (other.node !== null && nodes.includes(other.node))) &&
    other.from <= (finding.to ?? Infinity) + SLACK_MS &&
    (other.to ?? Infinity) + SLACK_MS >= finding.from;
  const isTrouble = ({ type, class: kind }: Finding): boolean =>
    type === "crash" || (type === "hang" && !COMMANDS.includes(kind));
  const troubles = all.filter((one) => isTrouble(one) && reaches(one));
  const nearest = (some: readonly Finding[]): Finding | undefined =>
    [...some].sort((a, b) => rank(a, nodes) - rank(b, nodes))[0];

  if (finding.type === "hang" && COMMANDS.includes(finding.class)) {
    return troubles.find(({ node }) => node === finding.node);
  }
  const isUntold = finding.node !== null && untold.has(finding.node);
  if (finding.type === "split-brain" && !MASTERLESS.includes(finding.class) && !isUntold) return undefined;
  if (!AFTER_TROUBLE.includes(finding.type)) return undefined;
  const trouble = nearest(troubles);
  if (trouble) return trouble;
  if (finding.type === "unavailable") {
    return all.find((one) => one.type === "split-brain" && MASTERLESS.includes(one.class) && reaches(one));
  }
  const isLoop = ({ type, class: kind }: Finding): boolean => type === "full-sync" && kind === "loop";
  if (STALLS.includes(finding.type)) {
    const own = all.find((one) => isLoop(one) && one.node === finding.node && reaches(one));
    return isLoop(finding) ? undefined : own;
  }
  if (!AFTER_STALL.includes(finding.type)) return undefined;
  // Clients that are served late say nothing of a replica.
  return nearest(all.filter((one) => STALLS.includes(one.type) && one.node !== null && reaches(one)));
}

/** The node, its master, that one's master, … */
export function lineage(node: string, replicaOf: Readonly<Record<string, string>>): string[] {
  const nodes = [node];
  for (let next = replicaOf[node]; next !== undefined && !nodes.includes(next); next = replicaOf[next])
    nodes.push(next);
  return nodes;
}

/** What happened to the node itself explains more than what happened to its master. */
function rank({ node }: Finding, nodes: readonly string[] | null): number {
  return nodes === null || node === null ? 0 : nodes.indexOf(node);
}
