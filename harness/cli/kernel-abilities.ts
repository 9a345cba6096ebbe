import { execFile } from "node:child_process";
import { open, readFile, statfs } from "node:fs/promises";
import { promisify } from "node:util";
import { ChaosError } from "../base/chaos-error.ts";

const run = promisify(execFile);
const TRY_MS = 5_000;

export interface Ability {
  name: string;
  able: boolean;
  value: string;
  hint: string;
}

/** Free bytes where `path` is; 0 when that cannot be told. */
export async function diskFree(path: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  } catch {
    return 0;
  }
}

/** What the kernel lets us do, found out by doing it. */
export async function kernelAbilities(): Promise<Ability[]> {
  return [
    await memoryOfOthers(),
    await pressure(),
    await tool("gdb", "gdb", ["--version"], "Function names in stacks: apt-get install gdb"),
    await tool("nftables", "nft", ["list", "tables"], "Not needed yet: faults use Toxiproxy and the engine."),
    await netem(),
  ];
}

/** Reading another process's memory (ptrace access) proves deadlocks: tried on a child of our own. */
async function memoryOfOthers(): Promise<Ability> {
  const name = "ptrace";
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
      const able = bytesRead === 8 && syscall.length > 0;
      return { name, able, value: able ? "/proc/pid/mem and /proc/pid/syscall are readable" : "not readable", hint };
    } finally {
      await memory.close();
    }
  } catch (error) {
    return { name, able: false, value: error instanceof Error ? error.message : String(error), hint };
  } finally {
    child.kill();
  }
}

async function pressure(): Promise<Ability> {
  const hint = "The harness then knows less about its own starvation (kernel with psi=1).";
  const text = await readFile("/proc/pressure/cpu", "utf8").catch(() => null);
  return {
    name: "pressure (PSI)",
    able: text !== null,
    value: text ? "/proc/pressure is there" : "no /proc/pressure",
    hint,
  };
}

async function tool(name: string, file: string, args: readonly string[], hint: string): Promise<Ability> {
  try {
    await run(file, [...args], { timeout: TRY_MS });
    return { name, able: true, value: `${file} works`, hint };
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    return { name, able: false, value: missing ? `${file} is not installed` : `${file} does not work here`, hint };
  }
}

/** netem is tried on the loopback of a network namespace of our own. */
async function netem(): Promise<Ability> {
  const name = "netem";
  const hint = "Packet loss needs it; partitions, latency and bandwidth do not.";
  try {
    await run("unshare", ["-n", "tc", "qdisc", "add", "dev", "lo", "root", "netem", "loss", "1%"], { timeout: TRY_MS });
    return { name, able: true, value: "packet loss is possible", hint };
  } catch (error) {
    const text = String((error as { stderr?: unknown }).stderr ?? "").trim();
    return { name, able: false, value: text.split("\n")[0] || "not possible here", hint };
  }
}
