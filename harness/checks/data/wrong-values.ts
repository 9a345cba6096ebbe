import { formatSeconds } from "../../base/units.ts";
import type { Finding } from "../../journal/events.ts";
import type { LoadHistory } from "../../journal/history.ts";
import { LATE_MS } from "./cells/expiries.ts";
import type { Contradiction, Contradictions } from "./contradictions.ts";
import type { WrongKind, WrongValue } from "./final-value.ts";
import type { Flush } from "./flushes.ts";
import { flushText, operationText, valuesThat, valueText } from "./operation-text.ts";

/** What a finding tells of the cells that are wrong in one way. */
interface Kind {
  type: Finding["type"];
  class: string;
  summary(count: number, node: string): string;
  /** The sentence that proves it: what was found where, what had to be there, the flush between them. */
  proof(found: string, due: string, flush: string): string;
  /** Operations that contradict the final read. */
  marked: readonly ("write" | "due")[];
}

const KINDS: Record<WrongKind | "lost-after-flush", Kind> = {
  lost: {
    type: "lost-write",
    class: "lost",
    summary: (count, node) => valuesThat(count, "a master had acknowledged", `gone on ${node} in the end`),
    proof: (found, due) => `${found}; ${due} was acknowledged and nothing removed it.`,
    marked: ["due"],
  },
  "lost-after-flush": {
    type: "lost-write",
    class: "lost-after-flush",
    summary: (count, node) => valuesThat(count, "a master acknowledged after a flush", `gone on ${node} in the end`),
    proof: (found, due, flush) => `${found}; ${due} was invoked after ${flush} had been acknowledged.`,
    marked: ["due"],
  },
  stale: {
    type: "lost-write",
    class: "stale",
    summary: (count, node) =>
      valuesThat(count, `${node} holds in the end`, "older than what a master acknowledged later"),
    proof: (found, due) => `${found}; ${due} came after it.`,
    marked: ["write", "due"],
  },
  flushed: {
    type: "resurrected-key",
    class: "flushed-value",
    summary: (count, node) => valuesThat(count, "an acknowledged flush had removed", `on ${node} all the same`),
    proof: (found, _due, flush) => `${found}; it was acknowledged before ${flush} was invoked.`,
    marked: ["write"],
  },
  deleted: {
    type: "resurrected-key",
    class: "deleted-value",
    summary: (count, node) => valuesThat(count, "an acknowledged delete had removed", `on ${node} all the same`),
    proof: (found, due) => `${found}; it was acknowledged before it was removed: ${due}.`,
    marked: ["write", "due"],
  },
  expired: {
    type: "resurrected-key",
    class: "expired-value",
    summary: (count, node) => valuesThat(count, "had expired long before", `on ${node} all the same`),
    proof: (found, due) => `${found}; it had to be gone ${LATE_MS / 1000} s before: ${due}.`,
    marked: ["write", "due"],
  },
  "never-written": {
    type: "phantom-value",
    class: "never-written",
    summary: (count, node) => valuesThat(count, "no write put there", `on ${node}`),
    proof: (found) => `${found}; no write put it there.`,
    marked: [],
  },
  "failed-write": {
    type: "phantom-value",
    class: "failed-write",
    summary: (count, node) => valuesThat(count, "only a refused write had carried", `on ${node}`),
    proof: (found) => `${found}; that write was refused.`,
    marked: ["write"],
  },
};

/** Does a flush come into it? Then it is flush-order's to report. */
export function isAboutFlush({ wrong, flush }: WrongValue): boolean {
  return wrong === "flushed" || (wrong === "lost" && flush !== null);
}

/** Adds a wrong value that a node held in the end. @param byFlush tells a loss after a flush as such */
export function addWrong(
  contradictions: Contradictions,
  load: LoadHistory,
  cell: number,
  { node, value }: { node: string; value: WrongValue },
  byFlush: boolean,
): void {
  const kind = KINDS[byFlush && value.wrong === "lost" ? "lost-after-flush" : value.wrong];
  contradictions.add(
    { type: kind.type, class: kind.class, node },
    (count) => kind.summary(count, node),
    () => contradiction(kind, load, cell, node, value),
  );
}

function contradiction(kind: Kind, load: LoadHistory, cell: number, node: string, value: WrongValue): Contradiction {
  const { final, write, due } = value;
  const flush = kind.class === "lost" ? null : value.flush;
  const at = load.final.invoked[final] as number;
  const found = write === -1 ? valueText(load, load.final.value[final] as number) : operationText(load, write);
  const wanted = expected(load, value);
  const seen = `${found} was found on ${node} in the end, at ${formatSeconds(at, 3)}`;
  return {
    load,
    cell,
    from: since(load, value) ?? at,
    to: null,
    found,
    expected: wanted,
    proof: kind.proof(seen, wanted, flush ? flushText(flush) : "no flush"),
    marks: {
      operations: kind.marked.map((which) => (which === "due" ? due : write)),
      final: [final],
      flushes: flush ? [flush.id] : [],
    },
  };
}

/** What had to be there: the latest write that had to stay, unless a flush came after it. */
function expected(load: LoadHistory, { due, flush, wrong }: WrongValue): string {
  if (due === -1) return "nothing";
  return wrong === "flushed" && isBefore(load, due, flush) ? "nothing" : operationText(load, due);
}

/** When the contradiction began: with what should have replaced the value. */
function since(load: LoadHistory, { wrong, due, flush }: WrongValue): number | undefined {
  if (wrong === "flushed") return flush?.invoked;
  return ["lost", "stale", "deleted", "expired"].includes(wrong) ? load.operations.completed[due] : undefined;
}

function isBefore({ operations }: LoadHistory, row: number, flush: Flush | null): boolean {
  return flush !== null && (operations.completed[row] as number) < flush.invoked;
}
