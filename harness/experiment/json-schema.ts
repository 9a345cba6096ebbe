import { fileURLToPath } from "node:url";
import { z } from "zod";
import { checkOrWrite, madeJson } from "../base/made-files.ts";
import { registries } from "./catalogue.ts";
import type { Registries } from "./registries.ts";
import { experimentSchema, faultItem } from "./schema.ts";

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** Where editors find it: experiment files name it in their first line. */
const FILE = fileURLToPath(new URL("schema.json", import.meta.url));
/** Draft 7: what editors' YAML support understands best. */
const options = { io: "input", target: "draft-7", unrepresentable: "any" } as const;

/**
 * The format of experiment files for editors (completion, hover, squiggles), with one shape per fault. It knows less than
 * `readExperiment`: nodes, triggers and times are judged there.
 */
export function experimentJsonSchema({ faults, checks, workloads }: Registries): JsonSchema {
  const schema = z.toJSONSchema(experimentSchema, options) as JsonSchema;
  const properties = schema.properties as Record<string, JsonSchema>;
  const { fault: _, ...common } = z.toJSONSchema(faultItem, options).properties as Record<string, JsonSchema>;
  // Each fault has them all: said once, and referred to.
  const definitions = Object.fromEntries(Object.entries(common).map(([key, value]) => [`fault-${key}`, value]));
  const references = Object.fromEntries(
    Object.keys(common).map((key) => [key, { $ref: `#/definitions/fault-${key}` }]),
  );
  properties.faults = {
    ...properties.faults,
    items: {
      oneOf: [...faults.values()].map((fault) => {
        const { properties: own = {}, required = [] } = z.toJSONSchema(fault.parameters.written, options) as JsonSchema;
        return {
          type: "object",
          title: fault.kind,
          description: fault.summary,
          properties: { fault: { const: fault.kind, description: fault.summary }, ...references, ...own },
          required: ["fault", ...required],
          additionalProperties: false,
        };
      }),
    },
  };
  properties.checks = { ...properties.checks, items: { enum: [...checks.keys()] } };
  const loads = properties.load as { items: { anyOf: [own: JsonSchema, tool: JsonSchema] } };
  const [load] = loads.items.anyOf;
  (load.properties as Record<string, JsonSchema>).workload = {
    description: "What the clients do",
    enum: [...workloads.keys()],
  };
  return { ...schema, title: "kvchaos experiment", definitions };
}

/** schema.json as it should be and as it is. */
export const committedSchema = () => madeJson(FILE, experimentJsonSchema(registries));

if (process.argv[1] === fileURLToPath(import.meta.url)) checkOrWrite([committedSchema()]);
