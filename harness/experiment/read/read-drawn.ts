import { didYouMean } from "../../base/mistakes.ts";
import { groupNamed, whyNever } from "../../load/commands/choice.ts";
import { isKnown, knownNames } from "../../load/commands/known-names.ts";
import { GROUPS } from "../../load/commands/syntax.ts";
import { show } from "../schema-parts.ts";
import type { Path, Reading } from "./reading.ts";

interface Drawn {
  workload: string;
  only?: string[] | undefined;
  without?: string[] | undefined;
  weights?: Record<string, number> | undefined;
}

/** What a load says of the commands that it draws: names that mean something, of commands that can be drawn. */
export function checkDrawn(item: Drawn, path: Path, reading: Reading): void {
  const { registries, mistakes } = reading;
  const { workload, only = [], without = [], weights = {} } = item;
  const known = registries.workloads.get(workload);
  if (known && !known.drawsFromTable) {
    const able = [...registries.workloads].filter(([, one]) => one.drawsFromTable).map(([name]) => name);
    for (const key of ["only", "without", "weights"] as const) {
      if (item[key] !== undefined) {
        const message = `the workload ${show(workload)} draws no commands`;
        mistakes.addKey([...path, key], message, `of ${able.join(", ")}`);
      }
    }
    return;
  }
  for (const [index, name] of only.entries()) checkName(name, [...path, "only", index], reading);
  for (const [index, name] of without.entries()) checkMeaning(name, [...path, "without", index], reading);
  for (const [name, weight] of Object.entries(weights)) {
    if (weight > 0) checkName(name, [...path, "weights", name], reading);
    else checkMeaning(name, [...path, "weights", name], reading);
  }
  const nothing = only.length > 0 && only.every((name) => without.includes(name) || weights[name] === 0);
  if (nothing) mistakes.add([...path, "only"], "nothing is left to draw");
}

/** Of one that is to be drawn. */
function checkName(name: string, at: Path, reading: Reading): void {
  checkMeaning(name, at, reading);
  const why = whyNever(name);
  if (why !== null) reading.mistakes.add(at, `${name} cannot be drawn: it ${why}`, "send it by the fault command");
  const { registries, mistakes, systems } = reading;
  for (const system of systems) {
    if (registries.systems.get(system)?.lacks?.includes(name)) {
      mistakes.add(at, `${system} has no ${name}`, `name the systems that have it with "systems"`);
    }
  }
}

function checkMeaning(name: string, at: Path, { mistakes }: Reading): void {
  if (name.startsWith("@")) {
    if (groupNamed(name) !== null) return;
    mistakes.add(
      at,
      `unknown group of commands ${show(name)}`,
      didYouMean(
        name,
        GROUPS.map((group) => `@${group}`),
      ),
    );
  } else if (!isKnown(name)) mistakes.add(at, `unknown command ${show(name)}`, didYouMean(name, knownNames()));
}
