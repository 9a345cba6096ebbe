import { readFileSync } from "node:fs";

/** The report's only script, as it is inlined: zoom, filters and values under the pointer. */
export const PAGE_SCRIPT = readFileSync(new URL("page-script.js", import.meta.url), "utf8");
