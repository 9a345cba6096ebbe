import { writeFile } from "node:fs/promises";
import path from "node:path";
import {
  command,
  defineConfig,
  defineFault,
  keys,
  nodeParameter,
  parameters,
  selectNode,
  unknownBecause,
  values,
} from "kvchaos/api";

/** A master closes the connections of its replicas. Nothing is to be healed: they come back by themselves. */
const dropReplicas = defineFault({
  kind: "drop-replicas",
  summary: "close the replication connections of a master",
  lasting: false,
  parameters: parameters({ node: nodeParameter("whose replicas are dropped").default("master") }),
  async inject({ cluster, signal }, params) {
    const node = selectNode(cluster, params.node);
    const closed = await node.admin(["CLIENT", "KILL", "TYPE", "replica"], { within: 5_000, signal });
    // A fault without measured effect makes the run inconclusive.
    const effect = async () => ({ measured: Number(closed) > 0, summary: `${closed} connections closed` });
    return { targets: [node.name], effect };
  },
});

/** In its last second every load is served again. */
const loadComesBack = {
  name: "load-comes-back",
  summary: "in its last second every load is served again",
  check(record) {
    const last = new Map(record.of("load").map((sample) => [sample.load, sample]));
    if (last.size === 0) return unknownBecause("there was no load");
    const dead = [...last.values()].filter(({ ok }) => ok === 0);
    const findings = dead.map(({ load, t, errors }) => ({
      type: "slow-recovery",
      class: "no-operations",
      node: null,
      from: t,
      to: null,
      summary: `No operation of the load ${load} succeeded in its last second.`,
      proof: `Errors in that second: ${JSON.stringify(errors)}.`,
      evidence: [],
    }));
    return { valid: dead.length === 0, why: null, findings };
  },
};

const append = {
  name: "append",
  summary: "APPEND of a random value to a random key",
  source: (spec, random) => command("APPEND", keys(spec, random), values(spec.value, random)),
};

/** One line of each run's faults, beside its other reports. */
const faultLines = {
  name: "fault-lines",
  async onEnd(record, directory) {
    const lines = record.of("fault").map(({ t, id, step }) => `${(t / 1000).toFixed(1)} s ${id} ${step}`);
    await writeFile(path.join(directory, "faults.txt"), `${lines.join("\n")}\n`);
  },
};

export default defineConfig({
  faults: [dropReplicas],
  checks: [loadComesBack],
  workloads: [append],
  reporters: [faultLines],
});
