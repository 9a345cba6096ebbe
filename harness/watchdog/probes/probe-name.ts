/** Prefix of our connections' names in a server's CLIENT LIST; also what a reader of captured evidence knows them by. */
export const PROBE_NAME = "kvchaos-probe-";

export function probeName(connection: number): string {
  return `${PROBE_NAME}${connection}`;
}
