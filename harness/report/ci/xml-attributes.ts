import { escapeXml } from "../../base/escape.ts";

/** ` name="value"` for each, escaped. */
export function xmlAttributes(values: Record<string, string | number>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escapeXml(String(value))}"`)
    .join("");
}
