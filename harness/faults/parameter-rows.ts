import { z } from "zod";
import type { Fault } from "./fault.ts";

/** JSON Schema of what a user writes for a fault, beside its id and its times. */
export function parametersSchema({ parameters }: Fault): z.core.JSONSchema.BaseSchema {
  const { $schema: _, ...schema } = z.toJSONSchema(parameters.written, {
    io: "input",
    target: "draft-7",
    unrepresentable: "any",
  });
  return schema;
}

/** One parameter, for tables. */
export interface ParameterRow {
  name: string;
  about: string;
  required: boolean;
  /** As a user would write it; undefined: there is none. */
  default: unknown;
  /** The words that it may be, where it is one of a few. */
  words: readonly unknown[];
}

/** The parameters of a fault, in the order of its description. */
export function parameterRows(fault: Fault): ParameterRow[] {
  const { properties = {}, required = [] } = parametersSchema(fault);
  return Object.entries(properties).map(([name, property]) => {
    const { description = "", default: otherwise, enum: words = [] } = typeof property === "object" ? property : {};
    return { name, about: description, required: required.includes(name), default: otherwise, words };
  });
}
