import type { z } from "zod";
import { formatDuration } from "../../base/units.ts";
import { ROLES } from "../../faults/selector.ts";
import type { Expectation } from "../../journal/expectation.ts";
import { expectationItem, expectationList } from "../expectation-item.ts";
import { show } from "../schema-parts.ts";
import type { FaultDraft } from "./read-faults.ts";
import { checkNode, numbering, type Path, type Reading } from "./reading.ts";

type Item = z.output<typeof expectationItem>;

/** With what the rest of the file says that expectations refer to. A time that was not understood is undefined. */
interface Surroundings extends Reading {
  faults: readonly FaultDraft[];
  /** Names of all loads. */
  loads: readonly string[];
  duration: number | undefined;
  recovery: number | undefined;
  /** Pause between two INFO of a node. */
  poll: number | undefined;
}

const WHAT = ["full-sync", "state", "log", "condition", "served"] as const;

/** Reads what is expected on the way, each entry by itself. */
export function readExpectations(raw: unknown, around: Surroundings): Expectation[] {
  const { mistakes } = around;
  mistakes.parse(expectationList, raw, ["expectations"]);
  if (!Array.isArray(raw)) return [];
  const given = raw.map((one: unknown) => (one as { id?: unknown } | null)?.id);
  const numbered = numbering(given);
  return raw.flatMap((one: unknown, index) => {
    const path = ["expectations", index];
    const item = mistakes.parse(expectationItem, one, path);
    if (!item) return [];
    if (item.id !== undefined && given.indexOf(item.id) < index) {
      mistakes.add([...path, "id"], `the id ${show(item.id)} is there twice`);
    }
    const what = readWhat(item, path, around);
    const when = readWhen(item, path, around);
    const node = readNode(item, path, around);
    if (!what || !when || node === undefined) return [];
    return [{ id: item.id ?? numbered(classOf(what)), node, what, when }];
  });
}

function classOf(what: Expectation["what"]): string {
  return what.kind === "state" ? what.state : what.kind === "condition" ? what.condition : what.kind;
}

function readWhat(item: Item, path: Path, { loads, poll, mistakes }: Surroundings): Expectation["what"] | undefined {
  const [first, second] = WHAT.filter((key) => item[key] !== undefined);
  if (first === undefined) return mistakes.add(path, `missing key: what is expected, one of ${WHAT.join(", ")}`);
  if (second !== undefined)
    return mistakes.addKey([...path, second], `"${second}" beside "${first}"`, "one expectation for each");
  if (item.state !== undefined) {
    if (item.within !== undefined && poll !== undefined && item.within < poll) {
      const often = `INFO tells the state every ${formatDuration(poll)}`;
      mistakes.add([...path, "within"], `${formatDuration(item.within)} is too short: ${often} (watchdog: poll)`);
    }
    return { kind: "state", state: item.state };
  }
  if (item.log !== undefined) return { kind: "log", pattern: item.log };
  if (item.condition !== undefined) return { kind: "condition", condition: item.condition };
  if (item.served === undefined) return { kind: "full-sync-done" };
  if (!loads.includes(item.served)) mistakes.unknown([...path, "served"], "load", item.served, loads);
  return { kind: "served", load: item.served };
}

/** null: it is about a load; undefined: a mistake. */
function readNode(item: Item, path: Path, reading: Reading): string | null | undefined {
  const { shape, mistakes } = reading;
  if (item.served !== undefined) {
    if (item.node === undefined) return null;
    return mistakes.addKey([...path, "node"], '"node" goes with what a node does, not with "served"');
  }
  if (item.node === undefined) return mistakes.add(path, 'missing key "node": of whom it is expected');
  checkNode(item.node, [...path, "node"], reading, { selectors: ROLES, helpers: item.log !== undefined });
  const replicates = item.state !== undefined || item["full-sync"] !== undefined;
  if (replicates && shape?.sentinels?.includes(item.node)) {
    mistakes.add([...path, "node"], `"${item.node}" is a sentinel: it replicates from nobody`);
  }
  return item.node;
}

function readWhen(
  item: Item,
  path: Path,
  { faults, duration, recovery, registries, mistakes }: Surroundings,
): Expectation["when"] | undefined {
  const [first, second] = (["of", "phase", "while"] as const).filter((key) => item[key] !== undefined);
  if (first === undefined)
    return mistakes.add(path, "missing key: by when it is expected", "add within with of or phase, or while");
  if (second !== undefined)
    return mistakes.addKey([...path, second], `"${second}" beside "${first}"`, "keep one of them");
  if (first === "while" && item.within !== undefined)
    return mistakes.addKey([...path, "within"], '"within" beside "while": it has until the fault is healed');
  if (first !== "while" && item.within === undefined)
    return mistakes.add(path, `missing key "within": how long after "${first}"`);
  const within = item.within ?? 0;
  if (item.phase !== undefined) {
    const limit = item.phase === "chaos" ? duration : item.phase === "recovery" ? recovery : undefined;
    if (limit !== undefined && within > limit) {
      const message = `${formatDuration(within)} is longer than the ${item.phase} phase, which lasts ${formatDuration(limit)} at most`;
      mistakes.add([...path, "within"], message);
    }
    return { kind: "phase", phase: item.phase, within };
  }
  const id = item.of ?? item.while ?? "";
  const fault = faults.find((one) => one.id === id);
  if (!fault) {
    const ids = faults.map((one) => one.id);
    mistakes.unknown([...path, first], "fault id", id, ids);
  } else if (first === "while" && registries.faults.get(fault.item?.fault ?? "")?.lasting === false) {
    const message = `"while" an instant fault: ${fault.item?.fault} is over when it is done`;
    mistakes.addKey([...path, "while"], message, "use within and of");
  }
  return first === "while" ? { kind: "while", of: id } : { kind: "within", of: id, within };
}
