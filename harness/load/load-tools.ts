export const LOAD_TOOLS = ["redis-benchmark"] as const;
export type LoadTool = (typeof LOAD_TOOLS)[number];

/** Programs that make load beside our own, with one line for lists. */
export const loadTools: ReadonlyMap<LoadTool, { summary: string }> = new Map([
  ["redis-benchmark", { summary: "the real redis-benchmark, in a container, through the client links" }],
]);
