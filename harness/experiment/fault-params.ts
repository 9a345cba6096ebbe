import { z } from "zod";
import type { Fault } from "../faults/fault.ts";

/** JSON Schema of what a user writes for a fault (before any transformation). */
export function paramsJsonSchema(fault: Fault): z.core.JSONSchema.BaseSchema {
  const { $schema: _, ...schema } = z.toJSONSchema(fault.params, {
    io: "input",
    target: "draft-7",
    unrepresentable: "any",
  });
  return schema;
}

/** The parameter names that a fault knows. */
export function paramKeys(fault: Fault): string[] {
  const keys = new Set<string>();
  const walk = (schema: z.core.JSONSchema.BaseSchema): void => {
    for (const key of Object.keys(schema.properties ?? {})) keys.add(key);
    for (const part of [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])]) {
      if (typeof part === "object") walk(part);
    }
  };
  walk(paramsJsonSchema(fault));
  return [...keys];
}
