import { z } from "zod";

/**
 * Keys that a server keeps apart from all its others: those of a database (SELECT with its number), or of a namespace (AUTH with its
 * token). Neither: those that every connection begins with.
 */
export const keySpaceSchema = z.strictObject({
  /** "db1", "ns1": of loads, keys and differences. */
  name: z.string(),
  database: z.int().min(1).optional(),
  token: z.string().optional(),
});
export type KeySpace = z.infer<typeof keySpaceSchema>;

/** Those of an experiment, the first one first: of `databases`, or of `namespaces`. */
export function keySpacesOf({
  databases = 1,
  namespaces = 1,
}: {
  databases?: number | undefined;
  namespaces?: number | undefined;
}): KeySpace[] {
  const others = (count: number) => Array.from({ length: count - 1 }, (_, i) => i + 1);
  if (namespaces > 1) {
    return [{ name: "ns0" }, ...others(namespaces).map((n) => ({ name: `ns${n}`, token: `kvchaos-ns${n}` }))];
  }
  return [{ name: "db0" }, ...others(databases).map((n) => ({ name: `db${n}`, database: n }))];
}
