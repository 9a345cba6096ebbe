import type { z } from "zod";
import { formatDuration } from "../../base/units.ts";
import type { Expectation } from "../../journal/expectation.ts";
import { expectationItem, expectationList } from "../expectation-item.ts";
import type { ExperimentShape, Registries } from "../registries.ts";
import { show } from "../schema-parts.ts";
import { checkNode, type FaultDraft, SELECTORS } from "./read-faults.ts";
import type { Mistakes } from "./zod-mistakes.ts";

type Item = z.output<typeof expectationItem>;

/** What the rest of the file says that expectations refer to. A time that was not understood is undefined. */
export interface Surroundings {
  shape: ExperimentShape | undefined;
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
export function readExpectations(
  raw: unknown,
  around: Surroundings,
  registries: Pick<Registries, "faults">,
  mistakes: Mistakes,
): Expectation[] {
  mistakes.parse(expectationList, raw, ["expectations"]);
  if (!Array.isArray(raw)) return [];
  const given = raw.map((one: unknown) => (one as { id?: unknown } | null)?.id);
  const numbers = new Map<string, number>();
  return raw.flatMap((one: unknown, index) => {
    const path = ["expectations", index];
    const item = mistakes.parse(expectationItem, one, path);
    if (!item) return [];
    if (item.id !== undefined && given.indexOf(item.id) < index) {
      mistakes.add([...path, "id"], `the id ${show(item.id)} is there twice`);
    }
    const what = readWhat(item, path, around, mistakes);
    const when = readWhen(item, path, around, registries, mistakes);
    const node = readNode(item, path, around, mistakes);
    if (!what || !when || node === undefined) return [];
    const kind = classOf(what);
    let id = item.id;
    while (id === undefined || (item.id === undefined && given.includes(id))) {
      const number = (numbers.get(kind) ?? 0) + 1;
      numbers.set(kind, number);
      id = `${kind}-${number}`;
    }
    return [{ id, node, what, when }];
  });
}

function classOf(what: Expectation["what"]): string {
  return what.kind === "state" ? what.state : what.kind === "condition" ? what.condition : what.kind;
}

type Path = readonly PropertyKey[];

function readWhat(
  item: Item,
  path: Path,
  { loads, poll }: Surroundings,
  mistakes: Mistakes,
): Expectation["what"] | undefined {
  const [first, second] = WHAT.filter((key) => item[key] !== undefined);
  if (first === undefined) {
    mistakes.add(path, `missing key: what is expected, one of ${WHAT.join(", ")}`);
    return undefined;
  }
  if (second !== undefined) {
    mistakes.add([...path, second], `"${second}" beside "${first}"`, "one expectation for each", "key");
    return undefined;
  }
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
function readNode(item: Item, path: Path, { shape }: Surroundings, mistakes: Mistakes): string | null | undefined {
  if (item.served !== undefined) {
    if (item.node === undefined) return null;
    mistakes.add([...path, "node"], '"node" goes with what a node does, not with "served"', undefined, "key");
    return undefined;
  }
  if (item.node === undefined) {
    mistakes.add(path, 'missing key "node": of whom it is expected');
    return undefined;
  }
  checkNode(item.node, [...path, "node"], shape, mistakes, SELECTORS);
  const replicates = item.state !== undefined || item["full-sync"] !== undefined;
  if (replicates && shape?.sentinels?.includes(item.node)) {
    mistakes.add([...path, "node"], `"${item.node}" is a sentinel: it replicates from nobody`);
  }
  return item.node;
}

function readWhen(
  item: Item,
  path: Path,
  { faults, duration, recovery }: Surroundings,
  registries: Pick<Registries, "faults">,
  mistakes: Mistakes,
): Expectation["when"] | undefined {
  const bounds = (["of", "phase", "while"] as const).filter((key) => item[key] !== undefined);
  const [first, second] = bounds;
  if (first === undefined) {
    mistakes.add(path, "missing key: by when it is expected", "add within with of or phase, or while");
    return undefined;
  }
  if (second !== undefined) {
    mistakes.add([...path, second], `"${second}" beside "${first}"`, "keep one of them", "key");
    return undefined;
  }
  if (first === "while" && item.within !== undefined) {
    mistakes.add([...path, "within"], '"within" beside "while": it has until the fault is healed', undefined, "key");
    return undefined;
  }
  if (first !== "while" && item.within === undefined) {
    mistakes.add(path, `missing key "within": how long after "${first}"`);
    return undefined;
  }
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
    mistakes.unknown(
      [...path, first],
      "fault id",
      id,
      faults.map((one) => one.id),
    );
  } else if (first === "while" && registries.faults.get(fault.item?.fault ?? "")?.lasting === false) {
    const message = `"while" an instant fault: ${fault.item?.fault} is over when it is done`;
    mistakes.add([...path, "while"], message, "use within and of", "key");
  }
  return first === "while" ? { kind: "while", of: id } : { kind: "within", of: id, within };
}
