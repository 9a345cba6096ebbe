import { pathToFileURL } from "node:url";
import { ChaosError, messageOf } from "../../base/chaos-error.ts";
import { addCheck, checks } from "../../checks/registry.ts";
import { addFault, faults } from "../../faults/registry.ts";
import { addWorkload, workloads } from "../../load/workloads/registry.ts";
import { addReporter, formats } from "../../report/registry.ts";
import type { Config } from "./config.ts";

/** What an entry of each kind is called by, the functions that it must or may have, and where it goes. */
const KINDS = {
  faults: { name: "kind", must: ["inject"], may: [], known: () => [...faults.keys()], add: addFault },
  checks: { name: "name", must: ["check"], may: ["needs"], known: () => [...checks.keys()], add: addCheck },
  workloads: { name: "name", must: [], may: ["source", "talk"], known: () => [...workloads.keys()], add: addWorkload },
  reporters: {
    name: "name",
    must: [],
    may: ["onEvent", "onEnd"],
    known: () => formats("en").map(({ name }) => name),
    add: addReporter,
  },
} as const;
type Kind = keyof typeof KINDS;

/**
 * Takes in what a config file names. Nothing is taken in when anything is wrong.
 * @param file absolute
 * @throws ChaosError usage: it cannot be loaded, names what there is already, or what is none of its kind
 */
export async function loadConfig(file: string): Promise<void> {
  const config = await readConfig(file);
  const wrong = (text: string, hint?: string) => new ChaosError("usage", `${file}: ${text}`, { hint });
  if (typeof config !== "object" || config === null)
    throw wrong("expected a default export", "export default { faults: [], checks: [], workloads: [], reporters: [] }");
  const unknown = Object.keys(config).find((key) => !Object.hasOwn(KINDS, key));
  if (unknown !== undefined) throw wrong(`unknown key "${unknown}"; valid: ${Object.keys(KINDS).join(", ")}`);
  const taken: (() => void)[] = [];
  for (const [kind, { name: called, must, may, known, add }] of Object.entries(KINDS) as [
    Kind,
    (typeof KINDS)[Kind],
  ][]) {
    const own: unknown = config[kind] ?? [];
    if (!Array.isArray(own)) throw wrong(`${kind}: expected a list`);
    const names = new Set<unknown>(known());
    for (const [i, entry] of (own as unknown[]).entries()) {
      const at = `${kind}[${i}]`;
      const fields: Record<string, unknown> = typeof entry === "object" && entry !== null ? { ...entry } : {};
      const name = fields[called];
      if (typeof name !== "string" || !/^[a-z][a-z0-9-]*$/.test(name))
        throw wrong(`${at}.${called}: expected small letters, digits and hyphens, like "drop-replicas"`);
      if (names.has(name)) throw wrong(`${at}: there is "${name}" already`);
      names.add(name);
      for (const field of [...must, ...may])
        if (fields[field] !== undefined && typeof fields[field] !== "function")
          throw wrong(`${at}.${field}: expected a function`);
      const missing = must.find((field) => fields[field] === undefined);
      if (missing !== undefined) throw wrong(`${at} ("${name}"): ${missing} is missing`);
      if (must.length === 0 && may.every((field) => fields[field] === undefined))
        throw wrong(`${at} ("${name}"): ${may.join(" or ")} is missing`);
      // What was checked above is what the types ask for, as far as it can be seen.
      taken.push(() => (add as (entry: unknown) => void)(entry));
    }
  }
  for (const take of taken) take();
}

async function readConfig(file: string): Promise<Config | null | undefined> {
  try {
    return ((await import(pathToFileURL(file).href)) as { default?: Config }).default;
  } catch (error) {
    const types = file.endsWith(".ts") && /Unknown file extension|ERR_UNKNOWN_FILE_EXTENSION/.test(messageOf(error));
    throw new ChaosError("usage", `${file} cannot be loaded: ${messageOf(error)}`, {
      hint: types
        ? "TypeScript needs Node 22.18 or newer here; with an older one write kvchaos.config.mjs."
        : undefined,
      cause: error,
    });
  }
}
