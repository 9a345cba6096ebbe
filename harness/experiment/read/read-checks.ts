import type { ExperimentFacts } from "../../checks/needs.ts";
import { DEFAULT_CHECKS } from "../default-checks.ts";
import type { Reading } from "./reading.ts";

/**
 * The checks of an experiment: those that it lists, of which each must be known and able to answer here, or the default ones that can.
 * @param raw as it is in the file, with its own mistakes
 * @param facts undefined: other mistakes hide what there is
 */
export function readChecks(
  raw: unknown,
  listed: string[] | undefined,
  facts: ExperimentFacts | undefined,
  { registries: { checks }, mistakes }: Reading,
): string[] {
  const missing = (name: string) => (facts && checks.get(name)?.needs?.(facts)) ?? null;
  const names: readonly unknown[] = Array.isArray(raw) ? raw : [];
  names.forEach((name, index) => {
    if (typeof name !== "string") return;
    const path = ["checks", index];
    if (!checks.has(name)) mistakes.unknown(path, "check", name, checks.keys());
    const why = missing(name);
    if (why) mistakes.add(path, `${name} ${why.what}`, why.hint);
  });
  return listed ?? DEFAULT_CHECKS.filter((name) => missing(name) === null);
}
