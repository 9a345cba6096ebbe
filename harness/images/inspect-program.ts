import { stat } from "node:fs/promises";
import { ChaosError, messageOf } from "../base/chaos-error.ts";
import { type ElfFile, HOST_MACHINE, machineName, readElf } from "./elf.ts";

/**
 * A program that is there, executable, and built for this machine.
 * Rejects with code `usage` and says what is wrong with the file: somebody named it.
 */
export async function inspectProgram(path: string): Promise<ElfFile> {
  const found = await stat(path).catch((error: unknown) => {
    throw new ChaosError("usage", `no binary at ${path}: ${messageOf(error)}`, {
      hint: "Give the path of the server's program file.",
      cause: error,
    });
  });
  if (!found.isFile())
    throw new ChaosError("usage", `${path} is not a file`, { hint: "Name the program file itself." });
  const elf = await readElf(path).catch((error: unknown) => {
    throw new ChaosError("usage", `cannot read ${path}: ${messageOf(error)}`, { cause: error });
  });
  if (!elf) {
    throw new ChaosError("usage", `${path} is not an ELF program`, {
      hint: "A script cannot be wrapped: name the program that it starts.",
    });
  }
  if (HOST_MACHINE !== undefined && elf.machine !== HOST_MACHINE) {
    const machines = `${machineName(elf.machine)}, this machine is ${machineName(HOST_MACHINE)}`;
    throw new ChaosError("usage", `${path} is built for ${machines}`, {
      hint: "Build the server for this machine's architecture.",
    });
  }
  if ((found.mode & 0o111) === 0) {
    throw new ChaosError("usage", `${path} is not executable`, { hint: `Type: chmod +x ${path}` });
  }
  return elf;
}
