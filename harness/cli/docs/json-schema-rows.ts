import type { z } from "zod";
import { code } from "./markdown-table.ts";

type Schema = z.core.JSONSchema.BaseSchema;

/** One row per key of a map: its name, what is written there, the default, what it means. */
export function keyRows({ properties = {}, required = [] }: Schema): string[][] {
  return Object.entries(properties).map(([key, schema]) => {
    const value = asMap(schema);
    return [code(key), typeText(value), defaultText(value, required.includes(key)), value.description ?? ""];
  });
}

const asMap = (schema: boolean | Schema | undefined): Schema => (typeof schema === "object" ? schema : {});

/** What is written there, in words: "duration", "list of `r1 -> m1`", "`yes` or `no`", "1 to 64". */
function typeText(schema: Schema): string {
  if (schema.const !== undefined) return code(String(schema.const));
  if (schema.title !== undefined) return schema.title;
  if (schema.enum) return schema.enum.map((value) => code(String(value))).join(", ");
  if (schema.anyOf) return schema.anyOf.map((one) => typeText(asMap(one))).join(" or ");
  if (Array.isArray(schema.type)) return schema.type.map((type) => typeText({ type })).join(" or ");
  switch (schema.type) {
    case "array":
      return `list of ${Array.isArray(schema.items) ? "values" : typeText(asMap(schema.items))}`;
    case "boolean":
      return "`true`, `false`";
    case "string":
      return "text";
    case "object":
      return "map";
    case "integer":
      return numberText(schema);
    default:
      return schema.type ?? "any";
  }
}

function numberText({ minimum, maximum }: Schema): string {
  return minimum === undefined || maximum === undefined ? "number" : `${minimum} to ${maximum}`;
}

function defaultText(schema: Schema, required: boolean): string {
  if (required) return "required";
  const { default: value } = schema;
  const none = value === undefined || (typeof value === "object" && Object.keys(value ?? {}).length === 0);
  if (none) return "";
  return code(Array.isArray(value) ? `[${value.join(", ")}]` : String(value));
}
