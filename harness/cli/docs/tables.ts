import { existsSync } from "node:fs";
import type { Options } from "yargs";
import { z } from "zod";
import { checks } from "../../checks/registry.ts";
import { DEFAULT_CHECKS } from "../../experiment/default-checks.ts";
import { expectationItem } from "../../experiment/expectation-item.ts";
import { limitItem } from "../../experiment/limit-keys.ts";
import { loadItem, toolItem } from "../../experiment/load-keys.ts";
import { experimentSchema, faultItem } from "../../experiment/schema.ts";
import { topologyKey } from "../../experiment/topology-key.ts";
import { faults } from "../../faults/registry.ts";
import { loadTools } from "../../load/load-tools.ts";
import { workloads } from "../../load/workloads/registry.ts";
import { nameOf } from "../command.ts";
import { COMMANDS as ENTRIES } from "../main.ts";
import { keyRows } from "./json-schema-rows.ts";
import { code, markdownTable } from "./markdown-table.ts";

/* What stands between the markers of docs/: everything that zod and yargs know, so that nobody writes it twice. */

const { shape } = experimentSchema;
const { when } = faultItem.shape;

/** Every command with its arguments. */
export const COMMANDS = await Promise.all(ENTRIES.map(async (entry) => ({ ...entry, ...(await entry.load()) })));

const sentence = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;

function keyTable(schema: z.ZodType, heading = "key", show = (row: string[]): string[] => row): string {
  const rows = keyRows(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }));
  return markdownTable([heading, "what", "default", "meaning"], rows.map(show));
}

/** What holds keys of its own has a section of its own. */
const linkToMap = ([key = "", what = "", ...rest]: string[]): string[] =>
  /\bmap\b/.test(what) ? [`[${key}](#${key.replaceAll("`", "")})`, what, ...rest] : [key, what, ...rest];

/** Name and summary of everything in a registry. */
const summaries = (heading: string, registry: ReadonlyMap<string, { readonly summary: string }>): string =>
  markdownTable(
    [heading, "what it does"],
    [...registry].map(([name, { summary }]) => [code(name), summary]),
  );

function faultRow([kind, { summary, lasting }]: [string, { summary: string; lasting: boolean }]): string[] {
  return [`[${code(kind)}](#${kind})`, summary, lasting ? "until healed" : "at once"];
}

function checkRow([name, { summary }]: [string, { summary: string }]): string[] {
  const page = `checks/${name}.md`;
  const told = existsSync(new URL(`../../../docs/${page}`, import.meta.url)) ? `[${code(name)}](${page})` : code(name);
  return [told, summary, DEFAULT_CHECKS.some((one) => one === name) ? "yes" : ""];
}

function optionRow(name: string, option: Options, written: string): string[] {
  const { type, array, choices, default: value, defaultDescription, demandOption, describe = "" } = option;
  const one = choices
    ? choices.map((choice) => code(String(choice))).join(", ")
    : type === "string"
      ? "text"
      : (type ?? "");
  const shown = Array.isArray(value) ? value.join(" ") : value === false ? "" : String(value ?? "");
  const given = defaultDescription ?? (shown === "" ? "" : code(shown));
  return [
    code(`${written}${name}`),
    array ? `${one} …` : one === "boolean" ? "" : one,
    demandOption ? "required" : given,
    describe,
  ];
}

function commandTable({ usage, summary, positionals, options }: (typeof COMMANDS)[number]): string {
  const rows = [
    ...Object.entries(positionals).map(([name, one]) => optionRow(name, one, "")),
    ...Object.entries(options).map(([name, one]) => optionRow(name, one, "--")),
  ];
  const table = rows.length === 0 ? "" : `\n\n${markdownTable(["argument", "what", "default", "meaning"], rows)}`;
  return `${code(`kvchaos ${usage}`)}: ${summary}.${table}`;
}

/** Every table by the name that its markers carry. */
export const tables: ReadonlyMap<string, () => string> = new Map([
  ["experiment", () => keyTable(experimentSchema, "key", linkToMap)],
  ["images", () => keyTable(shape.images)],
  ["cluster", () => keyTable(topologyKey)],
  ["nodes", () => keyTable(topologyKey.shape.nodes.unwrap().valueType)],
  ["preload", () => keyTable(shape.preload)],
  ["load", () => keyTable(loadItem, "key", linkToMap)],
  ["preload ttl", () => keyTable(shape.preload.unwrap().shape.ttl)],
  ["ttl", () => keyTable(loadItem.shape.ttl)],
  ["tool", () => keyTable(toolItem)],
  ["workloads", () => summaries("workload", workloads)],
  ["tools", () => summaries("tool", loadTools)],
  ["fault", () => keyTable(faultItem)],
  ["when", () => keyTable(when)],
  ["noise", () => keyTable(shape.noise)],
  ["known", () => keyTable(shape.known.unwrap().element)],
  ["watchdog", () => keyTable(shape.watchdog)],
  ["recovery", () => keyTable(shape.recovery)],
  ["limits", () => keyTable(limitItem)],
  ["full-syncs", () => keyTable(shape["full-syncs"])],
  ["memory", () => keyTable(shape.memory)],
  ["expect", () => keyTable(shape.expect)],
  ["expectation", () => keyTable(expectationItem)],
  ["faults", () => markdownTable(["fault", "what it does", "how long"], [...faults].map(faultRow))],
  ...[...faults.values()].map(({ kind, summary, parameters }): [string, () => string] => [
    `fault ${kind}`,
    () => `${sentence(summary)}\n\n${keyTable(parameters.written, "parameter")}`,
  ]),
  ["checks", () => markdownTable(["check", "promises", "by default"], [...checks].map(checkRow))],
  ...COMMANDS.map((one): [string, () => string] => [`command ${nameOf(one)}`, () => commandTable(one)]),
  [
    "commands",
    () =>
      markdownTable(
        ["command", "what it does"],
        COMMANDS.map((one) => [`[${code(one.usage)}](#${nameOf(one)})`, one.summary]),
      ),
  ],
]);
