import { call, type Daemon } from "./engine-call.ts";
import { shortId } from "./engine-containers.ts";
import type { CallOptions, ContainerLimits } from "./engine-types.ts";

/** cgroup scheduling period, microseconds: the kernel's default. */
const PERIOD = 100_000;
const NO_QUOTA = -1;

/** @param machine what the daemon's machine has: there a container without limit ends */
export function limitCalls(daemon: Daemon, machine: { cores: number; memory: number }) {
  const { docker } = daemon;
  return {
    /** What a container may use; works on stopped ones too. */
    async limits(id: string, options: CallOptions = {}): Promise<ContainerLimits> {
      return call(daemon, `read the limits of container ${shortId(id)}`, options, async (abortSignal) => {
        const { HostConfig } = await docker.getContainer(id).inspect({ abortSignal });
        const { NanoCpus = 0, CpuQuota = 0, CpuPeriod = 0, Memory = 0 } = HostConfig;
        const cpus = NanoCpus > 0 ? NanoCpus / 1e9 : CpuQuota > 0 ? CpuQuota / (CpuPeriod || PERIOD) : null;
        return {
          cpus: cpus === null || cpus >= machine.cores ? null : cpus,
          memory: Memory > 0 && Memory < machine.memory ? Memory : null,
        };
      });
    },

    /**
     * Changes what a container may use; what is not named stays. Works on stopped ones too, and outlives restarts.
     * The daemon refuses less memory than is in use where the kernel cannot do it (cgroup v1), and below 6 MiB.
     */
    async setLimits(id: string, limits: Partial<ContainerLimits>, options: CallOptions = {}): Promise<void> {
      await call(daemon, `limit container ${shortId(id)}`, options, async (abortSignal) => {
        const container = docker.getContainer(id);
        const { HostConfig } = await container.inspect({ abortSignal });
        const { cpus, memory } = limits;
        await container.update({
          ...(cpus === undefined ? {} : cpuFields(cpus, (HostConfig.NanoCpus ?? 0) > 0)),
          // Zero means "as it is", so no limit is all there is. Swap is never added: a limit would only make it slow.
          ...(memory === undefined ? {} : { Memory: memory ?? machine.memory, MemorySwap: memory ?? machine.memory }),
          abortSignal,
        });
      });
    },
  };

  /** A container that was created with NanoCpus takes no quota, and one with a quota no NanoCpus. */
  function cpuFields(cpus: number | null, nano: boolean): object {
    if (nano) return { NanoCpus: Math.round((cpus ?? machine.cores) * 1e9) };
    return { CpuPeriod: PERIOD, CpuQuota: cpus === null ? NO_QUOTA : Math.round(cpus * PERIOD) };
  }
}
