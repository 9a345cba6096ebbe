import { ChaosError } from "../base/chaos-error.ts";
import type { InterposerOptions } from "../cluster/containers.ts";
import { preloadRefusal } from "../cluster/try-preload.ts";
import { faults } from "../faults/registry.ts";
import { InterposeFolder, makeInterposer } from "../interpose/interpose-folder.ts";
import { serverIn } from "../systems/system-of-image.ts";
import type { RunContext } from "./run-context.ts";

/**
 * What servers are started with so that faults can give them another clock or a broken disk; null: no fault of the plan does.
 * @throws ChaosError infrastructure: it cannot be loaded into a server of this run, and why
 */
export async function interposerOptions({ options, runId, signal }: RunContext): Promise<InterposerOptions | null> {
  const { engine, system, image: plain, plan } = options;
  const first = plan.faults.find(({ fault }) => faults.get(fault)?.interposes);
  if (!first) return null;
  const library = await makeInterposer(signal);
  const make = (tryId: string) => InterposeFolder.make(tryId, "server", library, "");
  const preloaded: Record<string, string | undefined> = {};
  for (const image of new Set([plain, ...Object.values(plan.experiment.images.nodes ?? {})])) {
    const own = serverIn(image, system).system;
    const refusal = await preloadRefusal(engine, own, image, { library: { hash: library.hash, make }, signal });
    if (refusal !== null) {
      throw new ChaosError(
        "infrastructure",
        `the fault ${first.id} (${first.fault}) cannot be done to ${image}: ${refusal}`,
        {
          hint: "A library has to stand between the server and its C library: leave the fault out, or take another image.",
        },
      );
    }
    preloaded[image] = (await engine.inspectImage(image, { signal }))?.environment?.LD_PRELOAD;
  }
  return { library, runId, preloaded };
}
