import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ChaosError } from "../../base/chaos-error.ts";
import { checkOrWrite, type MadeFile } from "../../base/made-files.ts";
import { tables } from "./tables.ts";

/*
 * The tables in docs/ stand between <!-- made: NAME --> and <!-- end -->, and are made from what zod and yargs know:
 *
 *   node --import tsx harness/cli/docs/pages.ts --write
 *
 * What is written outside of the markers stays.
 */

const DOCS = new URL("../../../docs/", import.meta.url);
const MADE = /(<!-- made: (.+?) -->\n)[\s\S]*?(?=<!-- end -->)/g;

/** The page with its tables as they should be. */
function withTables(page: string): string {
  return page.replace(MADE, (_, opening: string, name: string) => {
    const table = tables.get(name);
    if (!table)
      throw new ChaosError("usage", `docs: there is no table "${name}"`, { hint: [...tables.keys()].join(", ") });
    return `${opening}\n${table()}\n\n`;
  });
}

/** Pages of docs/ as they should be and as they are. */
export function pagesWithTables(): (MadeFile & { readonly found: string })[] {
  return readdirSync(DOCS)
    .filter((name) => name.endsWith(".md"))
    .map((name) => {
      const file = fileURLToPath(new URL(name, DOCS));
      const found = readFileSync(file, "utf8");
      const text = withTables(found);
      return { file, text, found, upToDate: found === text };
    });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) checkOrWrite(pagesWithTables());
