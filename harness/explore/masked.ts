/** Longer lines differ in what they tell of, not in what happened. */
const LONGEST = 160;

/**
 * A line without what differs from run to run: times, addresses, numbers, ids, sizes, names of keys and files. Two lines of one template come
 * from one place in a server's program.
 */
export function masked(line: string): string {
  return (
    line
      // What Redis, and then glog, put before every line.
      .replace(/^\d+:([A-Z]) \d+ \w{3} \d{4} [\d:.]+ \S /, "")
      .replace(/^([IWEF])\d{4,8} [\d:.]+ +\d+ /, "$1 ")
      .replace(/\x1b\[[0-9;]*m/g, "")
      .replace(/"[^"]*"|'[^']*'/g, '"…"')
      .replace(/\b(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?\b/g, "<address>")
      .replace(/\b[0-9a-f]{8,}(?:-[0-9a-f]{4,})*\b/gi, (text) => (/\d/.test(text) ? "<id>" : text))
      // Kvrocks' replication ids.
      .replace(/\b[0-9A-Z]{15,}\b/g, "<id>")
      .replace(/(?:\/[\w.-]+){2,}/g, "<path>")
      .replace(/0x[0-9a-f]+/gi, "<hex>")
      .replace(/\b\d+(?:\.\d+)?/g, "#")
      .replace(/#(?:[:.,\s-]+#)+/g, "#")
      .replace(/\s+/g, " ")
      .trim()
      .slice(0, LONGEST)
  );
}
