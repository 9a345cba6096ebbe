import type { Registries } from "./registries.ts";
import type { Mistakes } from "./zod-mistakes.ts";

/** Are the listed checks known, and is there what they judge? @param load as it is in the file, with its own mistakes */
export function checkChecks(
  raw: unknown,
  load: unknown,
  { checks }: Pick<Registries, "checks">,
  mistakes: Mistakes,
): void {
  const names: readonly unknown[] = Array.isArray(raw) ? raw : [];
  const records =
    Array.isArray(load) && load.some((one: unknown) => (one as { record?: unknown } | null)?.record === true);
  names.forEach((name, index) => {
    if (typeof name !== "string") return;
    const check = checks.get(name);
    const path = ["checks", index];
    if (!check) mistakes.unknown(path, "check", name, checks.keys());
    else if (check.needsHistory && !records) {
      mistakes.add(path, `${name} judges what a recorded load did, and no load is`, "give a load record: true");
    }
  });
}
