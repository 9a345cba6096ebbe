import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { CleanupScope } from "../../base/scope.ts";
import { connectEngine, type Engine } from "../../docker/engine.ts";
import { registries } from "../../experiment/catalogue.ts";
import { readExperiment } from "../../experiment/read-experiment.ts";
import { wrapImage } from "../../images/wrap-image.ts";
import type { Plan } from "../../journal/plan.ts";
import type { RunRecord } from "../../journal/record.ts";
import { missingForLibrary } from "../../locks/library/make-library.ts";
import { placeOf } from "../../locks/predict/places.ts";
import { TOXIPROXY_IMAGE } from "../../network/toxiproxy-recipe.ts";
import { type Confirmation, confirm } from "../../run/confirm/confirm.ts";
import { runExperiment } from "../../run/run.ts";
import type { RunResult } from "../../run/run-options.ts";
import { redis } from "../../systems/redis.ts";
import { kvchaos } from "../../testing/kvchaos-process.support.ts";
import { compile } from "../../testing/program.support.ts";
import { skip } from "../../testing/skip.support.ts";
import { recordIn } from "../earlier-run.ts";
import { composeFor, planFor } from "../plan-for.ts";

const IMAGE = `kvchaos-test/lock-server:${process.pid}`;
const SERVER = { system: redis, image: IMAGE };

/** A run that had too little of the machine proves nothing. */
const TRIES = 3;

/** One after the other, each in a thread of its own: nothing races. */
const COMMANDS = "AB BA ONE TWO THREE READ WRITE SPAWN REAP GAB GBA TAB TBA REUSE REUSE ORDER CAB CBA WAIT".split(" ");

/** Deadlocks, by the functions in which their sides want what they wait for. */
const TWO = "take_ab take_ba";
const THREE = "take_one take_three take_two";
const READER = "read_and_take take_and_write";
const JOIN = "reap short_life";

const experiment = (commands: readonly string[], more: readonly string[] = []): string => `
title: A server that takes locks in every way
systems: [redis]
cluster: { masters: 1, replicas: 0 }
locks: true
warm-up: 0s
duration: ${commands.length * 200 + 1500}ms
watchdog: { connections: 4, hang-after: 2s }
recovery: { within: 1s }
checks: [no-hang, no-crash]
faults:
${commands.map((name, i) => `  - { fault: command, at: ${i * 200}ms, node: m1, argv: [${name}] }`).join("\n")}
${more.join("\n")}
`;

describe("deadlocks of a small server that are foretold and made real", function () {
  this.timeout(600_000);
  const scope = new CleanupScope();
  const { signal } = new AbortController();
  let engine: Engine;
  let folder: string;
  let first: RunResult;
  let killed: RunResult;

  before(async function () {
    const program = missingForLibrary() === null ? await compile("lock-server.c") : null;
    if (program === null) return skip(this, "there is no C compiler on this machine");
    scope.defer("remove the program", () => program.remove());
    engine = await connectEngine();
    folder = await mkdtemp(path.join(tmpdir(), "kvchaos-foresee-"));
    scope.defer("remove the folder", () => rm(folder, { recursive: true, force: true }));
    scope.defer("remove the image", () => engine.removeImage(IMAGE, { force: true }));
    await wrapImage({ engine, recipe: redis.recipe, binary: program.path, tag: IMAGE, log: () => {} });
    const kill = "  - { fault: kill, after: command-2, node: m1, for: 200ms }";
    [first, killed] = await Promise.all([
      runFile("tour", experiment(COMMANDS)),
      runFile("killed", experiment(["AB", "BA"], [kill])),
    ]);
  });
  after(async () => {
    assert.deepEqual(await scope.close(), []);
  });

  async function runFile(name: string, text: string): Promise<RunResult> {
    const file = path.join(folder, `${name}.yaml`);
    await writeFile(file, text);
    const { plan } = await planFor(await readExperiment(file, registries), "1", SERVER);
    for (let tries = 1; ; tries++) {
      const result = await runPlan(plan);
      if (result.verdict !== "inconclusive" || tries === TRIES) return result;
    }
  }

  async function runPlan(plan: Plan): Promise<RunResult> {
    return runExperiment({
      ...{ plan, engine, ...SERVER, toxiproxyImage: TOXIPROXY_IMAGE, benchmarkImage: null },
      compose: await composeFor(plan.experiment.cluster, SERVER),
      reports: path.join(folder, "runs"),
      command: () => [],
      keep: false,
      interrupt: signal,
      live: [],
    });
  }

  const foretold = ({ view }: RunRecord) =>
    new Map(
      (view.foreseen?.deadlocks ?? []).map(({ prediction }) => [
        prediction.sides
          .map(({ wants }) => placeOf({ site: wants.site, caller: wants.caller }))
          .sort()
          .join(" "),
        prediction,
      ]),
    );

  it("are those that can happen: none below a gate, of a lock that is only tried, of two at one address, ordered by start and join, or of one thread", () => {
    assert.deepEqual(first.findings, []);
    assert.deepEqual([...foretold(first.record).keys()].sort(), [JOIN, READER, TWO, THREE].sort());
  });

  it("are told beside long waits with a lock in hand", () => {
    const waits = first.record.view.foreseen?.waits.map(({ wait }) => wait) ?? [];
    const [wait, ...others] = waits.filter((one) => one.for === "condition");
    assert.deepEqual([wait?.site.function, wait?.holds.length, others], ["wait_in_hand", 1, []]);
  });

  it("are those of a server that was killed, too", () => {
    assert.deepEqual([killed.findings, [...foretold(killed.record).keys()]], [[], [TWO]]);
  });

  it("come about when one side pauses: of two mutexes, as the command tells here and in the run that foretold it, and of three", async () => {
    const [{ code, stdout, stderr }, three] = await Promise.all([byCommand(TWO), real(THREE)]);
    assert.equal(code, 1, stderr);
    assert.match(
      stdout,
      /^[0-9a-f]{12}: Made real in try \d, with a pause of \d\.\d s before take_(ab|ba) in thread redis-server/m,
    );
    const fates = (await recordIn(first.directory)).of("confirmation");
    assert.deepEqual(
      fates.map(({ signature, made }) => [signature, made !== null]),
      [[signatureOf(TWO), true]],
    );
    await isProved(three, THREE, /^(redis-server \d+ waits for a lock that redis-server \d+ holds(; |: a cycle$)){3}/);
  });

  it("come about of a reader, who is known by the library alone, and a writer, and of a thread that is joined", async () => {
    const [reader, join] = await Promise.all([real(READER), real(JOIN)]);
    const record = await isProved(
      reader,
      READER,
      /^(redis-server \d+ waits for a lock that redis-server \d+ holds(; |: a cycle$)){2}/,
    );
    const graphs = record.of("evidence").flatMap(({ data }) => data?.graph ?? []);
    assert.ok(graphs.some(({ cycles, edges }) => cycles.length > 0 && edges.some((edge) => edge.reader)));
    await isProved(join, JOIN, /redis-server \d+ waits for short-life \d+ to end/);
  });

  async function real(places: string): Promise<Confirmation> {
    const prediction = foretold(first.record).get(places);
    assert.ok(prediction, places);
    return confirm(
      first.record,
      { node: "m1", prediction, tries: TRIES },
      { run: ({ plan }) => runPlan(plan), signal },
    );
  }

  /** Fails unless that deadlock, and nothing else, was found in the last try. */
  async function isProved({ made, tried }: Confirmation, places: string, proof: RegExp): Promise<RunRecord> {
    assert.ok(made, `not made real: ${JSON.stringify(tried.map(({ pauses, closest }) => ({ pauses, closest })))}`);
    const { finding, directory } = made;
    assert.equal(finding?.class, "deadlocked");
    assert.match(finding?.proof ?? "", proof);
    assert.equal(finding?.detail?.predicted?.signature, signatureOf(places));
    const record = await recordIn(directory);
    const others = record
      .of("check")
      .flatMap(({ findings }) => findings.filter(({ proof: own }) => own !== finding?.proof));
    assert.deepEqual(others, []);
    return record;
  }

  const signatureOf = (places: string) => foretold(first.record).get(places)?.signature ?? "";

  const byCommand = (places: string) =>
    kvchaos([
      ...["foresee", first.directory, "--confirm", "--only", signatureOf(places), "--tries", String(TRIES)],
      ...["--reports", path.join(folder, "confirming"), "--quiet"],
    ]);
});
