import { ChaosError } from "../base/chaos-error.ts";
import type { Cluster } from "../cluster/cluster.ts";
import type { RunningCluster } from "../cluster/running-cluster.ts";
import { ownerLabels } from "../docker/leftovers.ts";
import { type BenchmarkSpec, isDirect } from "../journal/plan.ts";
import type { LoadTarget } from "../load/load.ts";
import { type Benchmark, startBenchmark } from "../load/start-benchmark.ts";
import { loadNodes } from "./load-targets.ts";
import type { RunContext } from "./run-context.ts";

/** All of an experiment's redis-benchmarks. */
export type RunningBenchmarks = Pick<Benchmark, "stop">;

/** Where one goes right now, as a container on the data network sees it. */
function benchmarkTargets(cluster: Cluster, spec: BenchmarkSpec): LoadTarget[] {
  return loadNodes(cluster, spec.on).map((node) => {
    return { node, ...(isDirect(spec, node) ? cluster.node(node).inside : cluster.link("client", node).address) };
  });
}

/** Starts them and keeps them on the nodes that the topology means. Rejects as `startBenchmark` does; the scope ends what runs. */
export async function startBenchmarks(context: RunContext, cluster: RunningCluster): Promise<RunningBenchmarks> {
  const { options, runId, clock, emit, scope, signal } = context;
  const { engine, benchmarkImage: image, plan } = options;
  const { benchmarks } = plan.experiment;
  const running: { spec: BenchmarkSpec; benchmark: Benchmark }[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(running.map(({ benchmark }) => benchmark.stop()));
  };
  if (benchmarks.length === 0) return { stop };
  if (image === null) throw new ChaosError("internal", "nobody said which image has redis-benchmark");
  scope.defer("stop redis-benchmark", stop);
  const labels = await ownerLabels(runId);
  for (const spec of benchmarks) {
    const benchmark = await startBenchmark({
      engine,
      spec,
      targets: benchmarkTargets(cluster, spec),
      image,
      network: cluster.dataNetwork,
      labels,
      password: cluster.login.password,
      clock,
      emit,
      signal,
    });
    running.push({ spec, benchmark });
  }
  cluster.onTopology(() => {
    for (const { spec, benchmark } of running) benchmark.retarget(benchmarkTargets(cluster, spec));
  });
  return { stop };
}
