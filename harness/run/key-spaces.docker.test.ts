import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { monotonicClock } from "../base/clock.ts";
import { until } from "../base/deadline.ts";
import { CleanupScope } from "../base/scope.ts";
import { compareDatasets } from "../cluster/compare/compare.ts";
import { connectEngine } from "../docker/engine.ts";
import { readHistory } from "../history/read-history.ts";
import type { JournalEvent } from "../journal/events.ts";
import { type KeySpace, keySpacesOf } from "../journal/loads/key-space.ts";
import type { LoadSpec } from "../journal/plan.ts";
import { recordOf } from "../journal/record.ts";
import { preload } from "../load/preload.ts";
import { startLoad } from "../load/start-load.ts";
import { RawConnection } from "../resp/connection.ts";
import { kvrocks } from "../systems/kvrocks.ts";
import { redis } from "../systems/redis.ts";
import type { System } from "../systems/system.ts";
import { FakeCluster } from "../testing/fake-cluster.support.ts";
import { skip } from "../testing/skip.support.ts";
import { placeLoads } from "./load-targets.ts";
import { readRecorded } from "./recovery/final-reads.ts";

const SPEC: LoadSpec = {
  ...{ name: "set", workload: "set", on: "masters", via: "direct", connections: 4, pipeline: 1, rate: 500, keys: 20 },
  ...{ keyPrefix: "set:", value: { min: 10, max: 20 }, elements: 1, timeout: 60_000, record: true, wait: null },
};

interface Kind {
  what: string;
  system: System;
  /** The first that is there. */
  images: string[];
  spaces: KeySpace[];
  config: Record<string, string>;
  /** One that the server does not have, and what opening it says. */
  unknown: KeySpace;
  refusal: RegExp;
}

const KINDS: Kind[] = [
  {
    ...{ what: "databases", system: redis, images: [process.env.KVCHAOS_TEST_IMAGE ?? "redis:7.0.15"] },
    spaces: keySpacesOf({ databases: 2 }),
    config: { save: "" },
    unknown: { name: "db99", database: 99 },
    refusal: /SELECT was not accepted: ERR/,
  },
  {
    ...{ what: "namespaces", system: kvrocks, images: ["apache/kvrocks:2.11.0", "apache/kvrocks:2.9.0"] },
    spaces: keySpacesOf({ namespaces: 2 }),
    config: { requirepass: "made-up", workers: "2" },
    unknown: { name: "ns99", token: "kvchaos-ns99" },
    refusal: /AUTH was not accepted: ERR/,
  },
];

for (const { what, system, images, spaces, config, unknown, refusal } of KINDS) {
  describe(`two ${what} of real servers`, function () {
    this.timeout(600_000);
    const name = `kvchaos-${what}-test-${process.pid}`;
    const labels = { "kvchaos.run": name };
    const password = config.requirepass;
    const [first, second] = spaces as [KeySpace, KeySpace];
    const scope = new CleanupScope();
    const clock = monotonicClock();
    const signal = new AbortController().signal;
    const emit = (event: object) => void events.push({ t: clock.now(), ...event } as JournalEvent);
    const events: JournalEvent[] = [];
    let ports: number[];

    before(async function () {
      const engine = await connectEngine();
      let image: string | undefined;
      for (const one of images) if (!image && (await engine.inspectImage(one))) image = one;
      if (!image) return skip(this, `no image ${images.join(" or ")} on this machine`);
      ports = await engine.freePorts(2);
      const network = await engine.createNetwork({ name, labels });
      scope.defer("remove the network", () => engine.removeNetwork(network.id));
      for (const [i, node] of ["m1", "r1"].entries()) {
        const id = await engine.createContainer({
          name: `${name}-${node}`,
          image,
          ...system.launch({ ...config, ...system.namespaces?.config(spaces) }),
          labels,
          networks: [{ name }],
          ports: [{ container: system.port, host: ports[i] as number }],
          stopTimeout: 1,
        });
        scope.defer(`remove ${node}`, () => engine.remove(id));
        await engine.start(id);
        await until({ what: `${node} answers`, within: 120_000 }, async () => {
          return (await ask(i, first, "PING")).outcome === "ok";
        });
      }
    });
    after(async () => assert.deepEqual(await scope.close(), []));

    const open = (i: number, space?: KeySpace) =>
      RawConnection.open({ host: "127.0.0.1", port: ports[i] as number, within: 10_000, password, space });

    async function ask(i: number, space: KeySpace, ...argv: string[]) {
      const connection = await open(i, space);
      try {
        return await connection.send(argv, { within: 10_000 });
      } finally {
        connection.close();
      }
    }
    /** Kvrocks counts keys only when it is told to. */
    const size = async (i: number, space: KeySpace) => {
      const outcome = await ask(i, space, "KEYS", "*");
      return outcome.outcome === "ok" && Array.isArray(outcome.reply) ? outcome.reply.length : null;
    };
    const compare = () => {
      const [m, r] = ports.map((port) => ({ host: "127.0.0.1", port }));
      assert.ok(m && r);
      const names = { masterName: "m1", replicaName: "r1" };
      return compareDatasets({
        master: m,
        replica: r,
        ...names,
        login: { password },
        keySpaces: spaces,
        within: 60_000,
        signal,
      });
    };

    it("are filled, compared and told apart", async () => {
      const spec = { keys: 50, value: { min: 10, max: 20 }, types: ["string" as const, "hash" as const] };
      for (const [i, port] of ports.entries()) {
        const targets = [{ node: "m1", host: "127.0.0.1", port }];
        await preload({
          spec,
          targets,
          keySpaces: spaces,
          seed: "s",
          login: { password },
          emit,
          signal,
          within: 60_000,
        });
        assert.deepEqual([await size(i, first), await size(i, second)], [50, 50]);
      }
      const equal = await compare();
      assert.deepEqual([equal.complete, equal.different, equal.masterKeys], [true, 0, 100]);
      await ask(1, second, "SET", "preload:string:4", "other");
      await ask(1, first, "DEL", "preload:string:2");
      const { differences } = await compare();
      assert.deepEqual(
        differences.map(({ key, kind }) => `${kind} ${key}`),
        ["missing-on-replica preload:string:2", `value ${second.name} preload:string:4`],
      );
    });

    it("get a part of a load each, of which every key is read in the end", async () => {
      const directory = await mkdtemp(path.join(tmpdir(), `kvchaos-${what}-`));
      scope.defer("remove the folder", () => rm(directory, { recursive: true }));
      const cluster = new FakeCluster(["m1"], {});
      cluster.node("m1").connect = ({ space } = {}) => open(0, space);
      const targets = [{ node: "m1", host: "127.0.0.1", port: ports[0] as number }];
      const placed = placeLoads(cluster, [SPEC], spaces).map((one) => ({ ...one, targets: () => targets }));
      const running = await startLoad({
        specs: placed.map(({ spec }) => spec),
        targets: Object.fromEntries(placed.map(({ spec }) => [spec.name, targets])),
        ...{ seed: "s", clock, emit, signal, login: { password }, history: { directory, nodes: ["m1"] } },
      });
      await until({ what: "all keys", within: 120_000 }, async () => {
        return (await size(0, first)) === 70 && (await size(0, second)) === 70;
      });
      await running.stop();
      await readRecorded({ cluster, clock, emit, signal, directory, running, placed, unreadable: () => null });
      const histories = await readHistory(directory, recordOf(events));
      assert.deepEqual(
        histories.map(({ load, shape }) => [load, shape.prefix]),
        spaces.map((space) => [`set-${space.name}`, `${space.name}:set:`]),
      );
      for (const { final, incomplete } of histories) {
        assert.equal(incomplete, null);
        assert.equal(final.length, 20);
        assert.ok(final.value.every((value) => value > 0));
      }
    });

    it("are no more than the server has", async () => {
      await assert.rejects(open(0, unknown), refusal);
    });
  });
}
