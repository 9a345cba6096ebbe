import { cpus, release, totalmem } from "node:os";
import type { Engine } from "../docker/engine.ts";

/** The machine a run happened on, for the report: nothing that identifies a person or a network. */
export function hostFacts(engine: Engine) {
  const { version, apiVersion, cores, memory, cgroupVersion, local, userlandProxy } = engine.info;
  return {
    node: process.version,
    kernel: release(),
    cpu: cpus()[0]?.model ?? null,
    cores: cpus().length,
    memoryBytes: totalmem(),
    engine: { version, apiVersion, cores, memoryBytes: memory, cgroupVersion, local, userlandProxy },
  };
}
