import { occurrences } from "../experiment.ts";
import type { Registries } from "../registries.ts";
import { startOf } from "./check-timetable.ts";
import type { FaultDraft } from "./read-faults.ts";
import type { Path, Reading } from "./reading.ts";
import { wrongMode } from "./rulers.ts";

/** One time that a fault makes somebody the master. */
interface Promotion {
  draft: FaultDraft;
  occurrence: number;
  /** Whom, as written. */
  node: string;
  path: Path;
  /** It starts within these, ms. */
  from: number;
  to: number;
}

/**
 * Refuses to make a master of whom the experiment alone tells that it is the master by then: nothing would change. Followed
 * from the Compose file's masters for as long as the order of all promotions, and whom each one means, is certain. Where servers or sentinels choose
 * the master, nothing is.
 */
export function checkPromotions(drafts: readonly FaultDraft[], reading: Reading): void {
  const { shape, registries, mistakes } = reading;
  if (!shape || wrongMode("operator", shape, reading) !== null) return;
  const all = promotionsOf(drafts, registries.faults).sort((a, b) => a.from - b.from || a.occurrence - b.occurrence);
  let masters = shape.masters;
  const nodes = [...shape.masters, ...shape.replicas];
  for (const [i, one] of all.entries()) {
    if (all.slice(i + 1).some((other) => other.draft !== one.draft && other.from <= one.to)) return;
    const literal = nodes.includes(one.node);
    if (literal ? masters.includes(one.node) : one.node === "master") {
      const when =
        one.occurrence === 0 ? "is" : `would be, when this happens for the ${ordinal(one.occurrence + 1)} time,`;
      mistakes.add(one.path, `${one.node} ${when} the master already: nothing would change`, "name a replica");
      return;
    }
    // Whom a role means, and whose place somebody takes among several masters, is not told here.
    if (!literal || masters.length > 1) return;
    masters = [one.node];
  }
}

function promotionsOf(drafts: readonly FaultDraft[], faults: Registries["faults"]): Promotion[] {
  const specs = drafts.flatMap(({ spec }) => spec ?? []);
  return drafts.flatMap((draft) => {
    const { spec, index } = draft;
    const parameters = spec && faults.get(spec.fault)?.parameters;
    if (!spec || !parameters) return [];
    return Array.from({ length: occurrences(spec.trigger) }, (_, occurrence) => occurrence).flatMap((occurrence) => {
      const whom = parameters.promotes(spec.params, occurrence);
      if (!whom) return [];
      const [from, to] = startOf(spec, occurrence, specs);
      return [{ draft, occurrence, node: whom.node, path: ["faults", index, ...whom.path], from, to }];
    });
  });
}

function ordinal(n: number): string {
  const ends = n % 100 >= 11 && n % 100 <= 13 ? "th" : (["th", "st", "nd", "rd"][n % 10] ?? "th");
  return `${n}${ends}`;
}
