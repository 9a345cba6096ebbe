import { stat } from "node:fs/promises";
import { ChaosError, messageOf } from "../base/chaos-error.ts";
import { type ElfFile, hostMachine, machineName, readElf } from "./elf.ts";

/** A program that passed the inspection: it is there, executable, and built for this machine. */
export interface Program {
  path: string;
  elf: ElfFile;
}

/** Rejects with code `usage` and says what is wrong with the file: somebody named it. */
export async function inspectProgram(path: string): Promise<Program> {
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
  const machine = hostMachine();
  if (machine !== undefined && elf.machine !== machine) {
    throw new ChaosError(
      "usage",
      `${path} is built for ${machineName(elf.machine)}, this machine is ${machineName(machine)}`,
      { hint: "Build the server for this machine's architecture." },
    );
  }
  if ((found.mode & 0o111) === 0) {
    throw new ChaosError("usage", `${path} is not executable`, { hint: `Type: chmod +x ${path}` });
  }
  return { path, elf };
}
