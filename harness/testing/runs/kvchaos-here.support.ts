import { main } from "../../cli/main.ts";

/**
 * Test support: a command line in this process, which has loaded all that a process of its own would have to load first. One at a time: what
 * is written meanwhile is taken for its words.
 */
export async function kvchaosHere(args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const heard = { stdout: "", stderr: "" };
  const names = ["stdout", "stderr"] as const;
  const writes = names.map((name) => process[name].write);
  for (const name of names) {
    process[name].write = (chunk: unknown): boolean => {
      heard[name] += String(chunk);
      return true;
    };
  }
  try {
    return { code: await main(args), ...heard };
  } finally {
    names.forEach((name, i) => {
      process[name].write = writes[i] as typeof process.stdout.write;
    });
  }
}
