import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { shapeOf } from "../cluster/shape.ts";
import { composeOf } from "../cluster/topology/compose-of.ts";
import type { Engine } from "../docker/engine.ts";
import { registries } from "../experiment/catalogue.ts";
import { makePlan } from "../experiment/plan.ts";
import { readExperiment } from "../experiment/read-experiment.ts";
import { redis } from "../systems/redis.ts";
import { runExperiment } from "./run.ts";
import type { LiveReporter } from "./run-options.ts";

const QUICKSTART = path.join(import.meta.dirname, "../../experiments/any/quickstart.yaml");

/** The engine is gone: the run ends in its set-up, with everything that a run tells. */
const NO_ENGINE = new Proxy({ info: {}, inspectImage: async () => null } as unknown as Engine, {
  get: (target, name) => Reflect.get(target, name) ?? (() => Promise.reject(new Error("there is no engine"))),
});

describe("live reporters", () => {
  let reports: string;
  before(async () => {
    reports = await mkdtemp(path.join(tmpdir(), "kvchaos-live-"));
  });
  after(() => rm(reports, { recursive: true, force: true }));

  async function run(live: readonly LiveReporter[]) {
    const variables = { KVCHAOS_IMAGE: "redis:7.0.15", KVCHAOS_TOXIPROXY_IMAGE: "none", KVCHAOS_PORT: "6379" };
    const experiment = await readExperiment(QUICKSTART, registries);
    const compose = await composeOf(experiment.cluster, variables);
    return runExperiment({
      plan: makePlan(experiment, "1", shapeOf(compose), registries),
      compose,
      engine: NO_ENGINE,
      system: redis,
      image: "redis:7.0.15",
      toxiproxyImage: "none",
      benchmarkImage: null,
      reports,
      command: () => ["kvchaos"],
      // Nobody guards what is never made.
      keep: true,
      interrupt: new AbortController().signal,
      live,
    });
  }

  it("do not take each other away: one that throws is named in the result, the others see all events", async () => {
    const seen: string[] = [];
    const broken: LiveReporter = {
      name: "broken",
      onEvent: ({ type }) => {
        if (type === "phase") throw new Error("no room for a phase");
      },
    };
    const whole = (name: string): LiveReporter => ({ name, onEvent: ({ type }) => void seen.push(`${name} ${type}`) });
    const { verdict, liveFailures, record } = await run([whole("before"), broken, { name: "silent" }, whole("after")]);
    assert.equal(verdict, "error");
    assert.deepEqual(
      liveFailures.map(({ name, error }) => [name, String(error)]),
      [["broken", "Error: no room for a phase"]],
    );
    for (const name of ["before", "after"]) {
      const types = record.events.map(({ type }) => `${name} ${type}`);
      assert.deepEqual(
        seen.filter((one) => one.startsWith(name)),
        types,
      );
    }
  });
});
