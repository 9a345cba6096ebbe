import type { EventOf, Finding } from "../../journal/events.ts";
import type { RunRecord } from "../../journal/record.ts";
import { type Check, resultOf, unknownBecause } from "../check.ts";
import { evictionsOf } from "../data/cells/evictions.ts";
import { Masters } from "../data/masters.ts";
import type { Missing } from "../needs.ts";

/*
 *   slot-move   what the experiment's tool did: begin, moved, left open, rolled back ─┐
 *   slot-view   whose slots are, as every node tells it ──────────────────────────────┼─► findings, doubts, remarks
 *   slot-keys   where every key is ───────────────────────────────────────────────────┘
 *
 * Servers leave it to the operator to finish what he has begun: only what they still have open although they were told to close it, or would
 * not close with nothing in their way, is theirs. What a master had got and not passed on when it was replaced may be lost, or come back.
 */

const SLOTS = 16_384;
/** Another fault's trace may last a little longer than it does. ms */
const AFTERMATH_MS = 5_000;
const SHOWN = 5;

export const slots: Check = {
  name: "slots",
  summary:
    "After recovery every slot has one owner on whom all nodes agree and is not on its way, and no key is lost, on two masters, or on one that does not own it; a migration with nothing in its way succeeds.",
  needs: ({ shape }): Missing | null =>
    shape.sharded
      ? null
      : { what: "judges slots, and the masters do not share the key space", hint: "take a cluster in cluster mode" },
  check(record) {
    const views = record.of("slot-view");
    const keys = record.last("slot-keys");
    if (views.length === 0) return unknownBecause("no server told whose its slots are");
    const judged = [
      judgeViews(views),
      judgeOpen(record, views),
      judgeMigrations(record),
      keys ? judgeKeys(record, keys) : { findings: [], unknown: ["no server's keys were read"], remarks: [] },
    ];
    const silent = record.last("topology");
    const missing = [...(silent?.masters ?? []), ...Object.keys(silent?.replicaOf ?? {})].filter(
      (node) => !record.view.leftDown(node) && !views.some((view) => view.node === node),
    );
    const unknown = missing.length > 0 ? [`${missing.join(", ")} did not tell whose slots are`] : [];
    return resultOf({
      findings: judged.flatMap(({ findings }) => findings),
      unknown: [...unknown, ...judged.flatMap((one) => one.unknown)],
      remarks: judged.flatMap(({ remarks }) => remarks),
    });
  },
};

interface Part {
  findings: Finding[];
  unknown: string[];
  remarks: string[];
}

/** Every slot has one owner, and it is the same for all who tell it. */
function judgeViews(views: readonly EventOf<"slot-view">[]): Part {
  const findings: Finding[] = [];
  const said = views.map(({ node, owners, t }) => ({ node, t, of: ownersOf(owners) }));
  const first = said[0];
  if (!first) return { findings, unknown: [], remarks: [] };
  const nobody = Array.from({ length: SLOTS }, (_, slot) => slot).filter((slot) => first.of[slot] === undefined);
  if (nobody.length > 0) {
    findings.push(
      found("unassigned", first.node, first.t, `${first.node} says after recovery that ${list(nobody)} nobody's.`),
    );
  }
  for (const { node, t, of } of said.slice(1)) {
    const other = Array.from({ length: SLOTS }, (_, slot) => slot).filter((slot) => of[slot] !== first.of[slot]);
    const [slot] = other;
    if (slot === undefined) continue;
    const claims = [first, { node, of }].filter((one) => one.of[slot] === one.node).length;
    const what = `${node} takes ${of[slot] ?? "nobody"} for the owner of slot ${slot}, ${first.node} ${first.of[slot] ?? "nobody"}`;
    const more = other.length > 1 ? ` (and so of ${other.length - 1} more)` : "";
    findings.push(found(claims === 2 ? "two-owners" : "disagreement", node, t, `${what}${more}, after recovery.`));
  }
  return { findings, unknown: [], remarks: [] };
}

/** Nothing is on its way any more, where the operator has closed it. */
function judgeOpen(record: RunRecord, views: readonly EventOf<"slot-view">[]): Part {
  const part: Part = { findings: [], unknown: [], remarks: [] };
  for (const { node, t, open } of views) {
    for (const { slot, state } of open) {
      const last = record.of("slot-move").findLast((move) => move.slot === slot);
      const closed = last?.step === "moved" || last?.step === "rolled-back";
      if (closed) {
        const told = `told at ${Math.round(last.t)} ms that it is ${last.step === "moved" ? last.to : last.from}'s`;
        part.findings.push(
          found(
            "open",
            node,
            t,
            `${node} still has slot ${slot} as ${state} after recovery, although the masters were ${told}.`,
          ),
        );
      } else part.unknown.push(`slot ${slot} is still ${state} on ${node}, and the operator has not closed it`);
    }
  }
  return part;
}

/** A server that would not do it with nothing in its way. */
function judgeMigrations(record: RunRecord): Part {
  const part: Part = { findings: [], unknown: [], remarks: [] };
  const moves = record.of("slot-move");
  const healed = record.view.phase("heal")?.from ?? Infinity;
  const told = new Set<string>();
  for (const move of moves.filter(({ step }) => step === "left-open")) {
    const begun =
      moves.findLast((one) => one.slot === move.slot && one.step === "begin" && one.t <= move.t)?.t ?? move.t;
    const hindered = record.view.faults.filter(
      ({ id, from, healed: to }) =>
        id !== move.id && from !== null && from <= move.t && (to ?? Infinity) + AFTERMATH_MS >= begun,
    );
    const inHeal = move.t >= healed;
    if (!move.refused || (hindered.length > 0 && !inHeal)) {
      if (move === moves.findLast(({ slot }) => slot === move.slot))
        part.unknown.push(`slot ${move.slot} could not be closed: ${move.detail ?? "no reason is known"}`);
      continue;
    }
    // The heal phase tries again what the fault could not do: one migration, one finding, as it was at first.
    const migration = `${move.id} ${move.slot}`;
    if (told.has(migration)) continue;
    told.add(migration);
    part.findings.push(
      found(
        "migration-failed",
        move.from,
        move.t,
        `${move.from} could not give slot ${move.slot} to ${move.to} with nothing in its way.`,
        move.detail ?? null,
      ),
    );
  }
  return part;
}

/** Where keys are. */
function judgeKeys(record: RunRecord, { t, why, foreign, doubled, missing }: EventOf<"slot-keys">): Part {
  const part: Part = { findings: [], unknown: why === null ? [] : [why], remarks: [] };
  const masters = new Masters(record);
  const begun = record.of("slot-move").find(({ step }) => step === "begin")?.t ?? record.view.phase("chaos")?.from ?? 0;
  const all = record.last("topology")?.masters ?? [];
  // What a server had got, or given away, and not passed on when it was replaced: asynchronous replication promises nothing of it.
  const shaken = all.filter((node) => masters.openFrom(node) > begun);
  const strict = record.plan?.experiment.losses === "none";
  const tell = (finding: Finding, nodes: readonly string[]): void => {
    const excuse = shaken.filter((node) => nodes.includes(node));
    if (excuse.length === 0 || strict) part.findings.push(finding);
    else
      part.remarks.push(
        `${finding.summary} ${excuse.join(", ")} replaced another master, or was interrupted, meanwhile: that may happen then.`,
      );
  };
  for (const { node, slot, owner, keys, example } of foreign) {
    const what = `${node} has ${keys} ${keys === 1 ? "key" : "keys"} of slot ${slot}, which is ${owner}'s`;
    tell(found("foreign-keys", node, t, `${what}, after recovery.`, `One is ${example}.`), [node, owner]);
  }
  if (doubled.keys > 0) {
    const what = `${doubled.keys} ${doubled.keys === 1 ? "key is" : "keys are"} on several masters (${doubled.nodes.join(", ")})`;
    tell(found("doubled-keys", null, t, `${what} after recovery.`, examples(doubled.examples)), doubled.nodes);
  }
  if (missing && missing.keys > 0) {
    const what = `${missing.keys} of ${missing.of} preloaded keys are on no master after recovery`;
    const evictions = evictionsOf(record, Boolean(record.plan?.experiment.preload?.ttl));
    if (evictions) part.unknown.push(`${evictions.text}: whether ${what} for that reason is not known`);
    else tell(found("lost-keys", null, t, `${what}.`, examples(missing.examples)), all);
  }
  return part;
}

const examples = (keys: readonly string[]): string => `Among them: ${keys.join(", ")}.`;

function ownersOf(owners: EventOf<"slot-view">["owners"]): (string | undefined)[] {
  const of: (string | undefined)[] = [];
  for (const [name, ranges] of Object.entries(owners))
    for (const [first, last] of ranges) for (let slot = first; slot <= last; slot++) of[slot] = name;
  return of;
}

function list(numbers: readonly number[]): string {
  const shown = numbers.slice(0, SHOWN).join(", ");
  const more = numbers.length > SHOWN ? ` and ${numbers.length - SHOWN} more` : "";
  return numbers.length === 1 ? `slot ${shown} is` : `slots ${shown}${more} are`;
}

function found(kind: string, node: string | null, from: number, summary: string, proof: string | null = null): Finding {
  return { type: "slots", class: kind, node, from, to: null, summary, proof, evidence: [] };
}
