import { execFile } from "node:child_process";
import { open, readFile, statfs } from "node:fs/promises";
import { promisify } from "node:util";
import { ChaosError, messageOf } from "../base/chaos-error.ts";
import { netemRefusal } from "../network/netem.ts";
import { packetLossRefusal } from "../network/packet-loss.ts";

const run = promisify(execFile);
const TRY_MS = 5_000;

/** One line of `kvchaos doctor`. `no`: kvchaos cannot work. `less`: it works, with what the hint says missing. */
export interface Line {
  state: "ok" | "less" | "no";
  name: string;
  value: string;
  /** Printed where the state is not ok. */
  hint: string;
}

/** The machine can do without. */
export function able(is: boolean, name: string, value: string, hint = ""): Line {
  return { state: is ? "ok" : "less", name, value, hint };
}

/** Free bytes where `path` is; 0 when that cannot be told. */
export async function diskFree(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path).catch(() => ({ bavail: 0, bsize: 0 }));
  return bavail * bsize;
}

/** What the kernel lets us do, found out by doing it. */
export async function kernelAbilities(): Promise<Line[]> {
  return [
    await memoryOfOthers(),
    await pressure(),
    await tool(
      "gdb",
      ["gdb", "--version"],
      "Function names in stacks, and stacks of what is foretold: apt-get install gdb",
    ),
    packetLoss(),
    await netem(),
  ];
}

/** Reading another process's memory (ptrace access) proves deadlocks: tried on a child of our own. */
async function memoryOfOthers(): Promise<Line> {
  const hint = "Wait-for graphs need root or CAP_SYS_PTRACE (and kernel.yama.ptrace_scope below 3).";
  const child = execFile("sleep", ["5"]);
  try {
    const { pid } = child;
    if (pid === undefined) throw new ChaosError("infrastructure", "no child process");
    const maps = await readFile(`/proc/${pid}/maps`, "utf8");
    const address = Number.parseInt(maps.split("-", 1)[0] ?? "", 16);
    const memory = await open(`/proc/${pid}/mem`, "r");
    try {
      const { bytesRead } = await memory.read(Buffer.alloc(8), 0, 8, address);
      const syscall = await readFile(`/proc/${pid}/syscall`, "utf8");
      const can = bytesRead === 8 && syscall.length > 0;
      return able(can, "ptrace", can ? "/proc/pid/mem and /proc/pid/syscall are readable" : "not readable", hint);
    } finally {
      await memory.close();
    }
  } catch (error) {
    return able(false, "ptrace", messageOf(error), hint);
  } finally {
    child.kill();
  }
}

async function pressure(): Promise<Line> {
  const hint = "The harness then knows less about its own starvation (kernel with psi=1).";
  const there = await readFile("/proc/pressure/cpu").then(
    () => true,
    () => false,
  );
  return able(there, "pressure (PSI)", there ? "/proc/pressure is there" : "no /proc/pressure", hint);
}

async function tool(name: string, [file, ...args]: [string, ...string[]], hint: string): Promise<Line> {
  const failure = await failureOf(file, args);
  if (failure === null) return able(true, name, `${file} works`, hint);
  return able(false, name, `${file} ${failure.code === "ENOENT" ? "is not installed" : "does not work here"}`, hint);
}

async function netem(): Promise<Line> {
  const hint =
    "The fault `packets` needs it to double, delay and reorder; its loss, partitions, latency and bandwidth do not.";
  const refusal = await netemRefusal().catch(messageOf);
  return able(refusal === null, "netem", refusal ?? "packets can be doubled, delayed and reordered", hint);
}

function packetLoss(): Line {
  const refusal = packetLossRefusal();
  return able(
    refusal === null,
    "packet loss",
    refusal ?? "iptables is there",
    "The fault `packets` needs it to lose packets.",
  );
}

/** Why a program does not end with 0; null: it does. */
function failureOf(file: string, args: string[]): Promise<{ code?: string | number; stderr?: string } | null> {
  return run(file, args, { timeout: TRY_MS }).then(
    () => null,
    (error: { code?: string | number; stderr?: string }) => error,
  );
}
