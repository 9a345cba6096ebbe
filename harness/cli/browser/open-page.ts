import { type ChildProcess, spawn } from "node:child_process";
import { ChaosError, messageOf } from "../../base/chaos-error.ts";
import { withDeadline } from "../../base/deadline.ts";

/** ms after which a program that has not said that it cannot is believed to show the page. */
const PATIENCE = 5_000;

/** Programs that show a file, each as its words, first wish first: those of BROWSER, with %s for the file, or the system's own. */
export function browsers(file: string, env: NodeJS.ProcessEnv, platform: NodeJS.Platform): [string, ...string[]][] {
  const named = (env.BROWSER ?? "").split(":").filter((one) => one.trim() !== "");
  const own = named.map((one): [string, ...string[]] => {
    const words = one.trim().split(/\s+/) as [string, ...string[]];
    const filled = words.map((word) => word.replaceAll("%s", file)) as [string, ...string[]];
    return one.includes("%s") ? filled : [...words, file];
  });
  return own.length > 0 ? own : [[platform === "darwin" ? "open" : "xdg-open", file]];
}

/**
 * Shows a page of this machine in the first of the programs that does it. A program that goes on is left alone, and outlives this
 * process. Throws `infrastructure` with what each of them said when none can.
 */
export async function openPage(file: string, programs: readonly [string, ...string[]][]): Promise<void> {
  const refusals: string[] = [];
  for (const words of programs) {
    const refusal = await refusalOf(words);
    if (refusal === null) return;
    refusals.push(`${words[0]}: ${refusal}`);
  }
  throw new ChaosError("infrastructure", `there is no browser that shows ${file} (${refusals.join("; ")})`, {
    hint: "Set BROWSER to a program that does, like BROWSER=firefox, or open the file yourself: it is one file and needs no network.",
  });
}

/** Why it does not show it; null: it has ended well, or goes on. */
async function refusalOf([program, ...args]: readonly [string, ...string[]]): Promise<string | null> {
  const child = spawn(program, args, { detached: true, stdio: "ignore" });
  try {
    return await withDeadline({ what: `the end of ${program}`, within: PATIENCE }, () => endOf(child));
  } catch {
    return null;
  } finally {
    child.unref();
  }
}

function endOf(child: ChildProcess): Promise<string | null> {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(messageOf(error)));
    child.once("exit", (code, signal) => resolve(code === 0 ? null : `it ended with ${signal ?? `exit code ${code}`}`));
  });
}
