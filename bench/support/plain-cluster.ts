import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { CleanupScope } from "../../harness/base/scope.ts";
import type { RunningCluster } from "../../harness/cluster/running-cluster.ts";
import { composeOf } from "../../harness/cluster/topology/compose-of.ts";
import { upCluster } from "../../harness/cluster/up.ts";
import type { Engine } from "../../harness/docker/engine.ts";
import { ownerLabels, removeRun } from "../../harness/docker/leftovers.ts";
import { TOXIPROXY_IMAGE } from "../../harness/network/toxiproxy-recipe.ts";
import { redis } from "../../harness/systems/redis.ts";
import { topology } from "../../harness/testing/samples/topology.support.ts";

interface Taken {
  /** ms until all servers answered and all replicas were attached. */
  up: number;
  /** ms until nothing was left. */
  down: number;
}

/**
 * Starts a Redis master with so many replicas, lets `work` do something with it, and removes it. As in a run, clients' links
 * have ports of this machine where it dials them (`dialled`: those to these nodes).
 * Rejects when the work does, or something could not be removed.
 */
export async function withCluster(
  engine: Engine,
  replicas: number,
  work: (cluster: RunningCluster) => Promise<void> = async () => {},
  dialled: readonly string[] = [],
): Promise<Taken> {
  const runId = `plain-${process.pid}-${performance.now()}`;
  const [resources, scope] = [new CleanupScope(), new CleanupScope()];
  const logDirectory = await mkdtemp(path.join(tmpdir(), "kvchaos-plain-"));
  const compose = await composeOf(topology({ replicas }), {});
  const labels = await ownerLabels(runId);
  /** Returns how long it took, ms. */
  const remove = async (): Promise<number> => {
    const begun = performance.now();
    const [failure] = [...(await scope.close()), ...(await resources.close())];
    const took = performance.now() - begun;
    await rm(logDirectory, { recursive: true, force: true });
    await removeRun(engine, runId);
    if (failure) throw failure.error;
    return took;
  };
  let up = 0;
  try {
    const begun = performance.now();
    const cluster = await upCluster({
      ...{ engine, system: redis, compose, labels, runId, logDirectory, resources, scope },
      image: redis.images[0] ?? "",
      toxiproxyImage: TOXIPROXY_IMAGE,
      config: {},
      dialled,
      emit: () => {},
      signal: new AbortController().signal,
      onEngineLost: () => {},
      ours: () => false,
    });
    up = performance.now() - begun;
    await work(cluster);
  } catch (error) {
    await remove().catch(() => {});
    throw error;
  }
  return { up, down: await remove() };
}
