import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { composeText } from "../cluster/topology/compose-text.ts";
import { connectEngine } from "../docker/engine.ts";
import type { EventOf, JournalEvent } from "../journal/events.ts";
import type { Finding } from "../journal/finding.ts";
import { redirectRefusal } from "../network/virtual-addresses.ts";
import { systemOfImage } from "../systems/system-of-image.ts";
import { type Ran, someAtOnce } from "../testing/kvchaos-process.support.ts";
import { judgedAgain } from "../testing/runs/judged-again.support.ts";
import { topology } from "../testing/samples/topology.support.ts";
import { skip } from "../testing/skip.support.ts";

const REDIS = "redis:7.0.15";
const KVROCKS = "apache/kvrocks:2.9.0";
const LOAD = "load: [{ workload: set, rate: 100/s, connections: 2, value: 100B, keys: 500 }]";
const REFUSES = `cluster: { masters: 1, replicas: 1 }
${LOAD}
warm-up: 1s
duration: 3s
faults:
  - { id: strict, fault: command, at: 500ms, node: m1, argv: [CONFIG, SET, min-replicas-to-write, "5"] }
recovery: { within: 3s }`;
/** Its server ends or stops long before chaos, which it would reach in 20 s. */
const DIES = `cluster: own.yaml
preload: { keys: 100, value: 100B }
${LOAD}
warm-up: 20s
duration: 2s
watchdog: { hang-after: 1s }`;
/** In a shell: waits until the load's writes have come here, so that the warm-up has begun. */
const WARM = "until redis-cli dbsize | grep -qE [2-9]..; do sleep 0.2; done";
/** 300 keys a second run out from the end of chaos to the end of every comparison. */
const EXPIRES = `cluster: { masters: 1, replicas: 1 }
preload: { keys: 1000, value: 100B }
${LOAD}
warm-up: 1s
duration: 3s
faults:
  - { fault: command, at: 2s, node: m1, argv: [EVAL, "for i=1,5000 do redis.call('SET','ttl:'..i,'v','PX',1000+i*3) end return 1", "0"] }
recovery: { within: 20s }`;

interface Verdict {
  /** What was wrong once is said in the title. */
  title: string;
  image: string;
  experiment: string;
  /** How r1 is started, in the words of a shell, where it is not as its image does. */
  r1?: string;
  code: number;
  /** type/class of every finding. */
  found: string[];
  /** What a server must be able to do to servers: dial each other. */
  plain?: true;
  more?(outcome: Outcome): void | Promise<void>;
}

interface Outcome extends Ran {
  found: string[];
  journal: JournalEvent[];
  page: string;
}

const kindOf = (one: Pick<Finding, "type" | "class">): string => `${one.type}/${one.class}`;

const of = <T extends JournalEvent["type"]>({ journal }: Outcome, type: T): EventOf<T>[] =>
  journal.filter((event): event is EventOf<T> => event.type === type);

const VERDICTS: readonly Verdict[] = [
  {
    title: "a master that refuses every write to the end is unavailable",
    image: REDIS,
    experiment: REFUSES,
    code: 1,
    found: ["unavailable/refused"],
    more: async ({ page, directory }) => {
      assert.match(page, /NOREPLICAS/);
      // Also where the experiment asks only for recovery.
      const recovery = await judgedAgain(directory, { checks: ["no-hang", "no-crash", "recovers-within"] });
      assert.deepEqual([recovery.verdict, recovery.findings.map(kindOf)], ["fail", ["unavailable/refused"]]);
    },
  },
  {
    title: "and is well where the experiment allows it",
    image: REDIS,
    experiment: `${REFUSES}\nallow: [NOREPLICAS]`,
    code: 0,
    found: [],
  },
  {
    title: "FAILOVER, sent by the experiment, works, and the topology follows it",
    image: REDIS,
    plain: true,
    experiment: `cluster: { masters: 1, replicas: 2 }
preload: { keys: 200, value: 100B }
load: [{ workload: set, rate: 100/s, connections: 2, value: 100B, keys: 500, record: true }]
warm-up: 1s
duration: 4s
faults:
  - { id: over, fault: command, at: 1s, node: m1, argv: [FAILOVER] }
recovery: { within: 20s }
checks: [no-hang, no-crash, one-master, converges, replication-progress, recovers-within, serves, no-lost-writes]`,
    code: 0,
    found: [],
    more: (outcome) => {
      const last = of(outcome, "topology").at(-1);
      assert.match(last?.reason ?? "", /^over: the servers made r[12] master instead of m1$/);
      assert.match(outcome.page, /over: the servers made r[12] master instead of m1/);
      assert.deepEqual(of(outcome, "repair"), []);
    },
  },
  {
    title: "keys that run out while replicas are compared with their master are no difference",
    image: REDIS,
    experiment: EXPIRES,
    code: 0,
    found: [],
  },
  {
    title: "neither are they on Kvrocks",
    image: KVROCKS,
    experiment: EXPIRES,
    code: 0,
    found: [],
  },
  {
    title: "a server that ends by SIGSEGV in the warm-up has crashed, and is not waited for",
    image: REDIS,
    experiment: DIES,
    r1: `docker-entrypoint.sh "$$@" & ${WARM}; kill -SEGV $$(pidof redis-server); wait; exit 139`,
    code: 1,
    found: ["crash/exit"],
    more: (outcome) => {
      const died = of(outcome, "container").find(({ node, action }) => node === "r1" && action === "die");
      const ended = of(outcome, "phase").find(({ phase }) => phase === "teardown");
      assert.ok(died && ended && ended.t - died.t < 10_000, `died at ${died?.t} ms, torn down at ${ended?.t} ms`);
    },
  },
  {
    title: "one that stops there hangs",
    image: REDIS,
    experiment: DIES,
    r1: `docker-entrypoint.sh "$$@" & ${WARM}; kill -STOP $$(pidof redis-server); wait`,
    code: 1,
    found: ["hang/deadlocked"],
  },
  {
    title: "so does one that takes connections and never answered any",
    image: REDIS,
    experiment: DIES,
    r1: `docker-entrypoint.sh "$$@" & until grep -q :18EB /proc/net/tcp; do :; done; kill -STOP $$(pidof redis-server); wait`,
    code: 1,
    found: ["hang/deadlocked"],
  },
  {
    title: "one that refuses its settings at its start is nobody's finding",
    image: REDIS,
    experiment: DIES,
    r1: 'exec docker-entrypoint.sh "$$@" --nonsense 1',
    code: 4,
    found: [],
    more: ({ stderr }) => assert.match(stderr, /nonsense/),
  },
  {
    title: "a replica that the experiment made a master of its own, for good, is left there",
    image: REDIS,
    experiment: `cluster: { masters: 1, replicas: 2 }
preload: { keys: 200, value: 100B }
${LOAD}
warm-up: 1s
duration: 3s
faults:
  - { id: alone, fault: command, at: 1s, node: r1, argv: [REPLICAOF, "NO", ONE] }
recovery: { within: 10s }`,
    code: 0,
    found: [],
    more: (outcome) => assert.deepEqual(of(outcome, "repair"), []),
  },
  {
    title: "a slot of a Kvrocks cluster that the experiment migrates stays where it went, and its clients are served",
    image: KVROCKS,
    experiment: `systems: [kvrocks]
cluster: { masters: 2, replicas: 1, mode: cluster }
load: [{ workload: set, rate: 100/s, connections: 4, keys: 200, value: 64B, record: true }]
warm-up: 1s
duration: 6s
faults:
  - { id: migrate, fault: command, at: 1s, node: m1, argv: [CLUSTERX, MIGRATE, "2843", "{m2 id}"] }
recovery: { within: 20s }
checks: [no-hang, no-crash, one-master, converges, replication-progress, recovers-within, serves, no-lost-writes]`,
    code: 0,
    found: [],
    more: (outcome) => {
      // m1 redirects whoever asks it, and those clients are still served by m2 when everything is healed; those of its other slots by m1.
      const own = of(outcome, "load").filter(({ load }) => load === "set-shard1");
      for (const node of ["m1", "m2"])
        assert.ok(
          own.slice(-3).some(({ nodes }) => (nodes?.[node]?.ok ?? 0) > 0),
          JSON.stringify(own.slice(-3)),
        );
      assert.deepEqual(
        of(outcome, "load-moved").map(({ slot, to }) => [slot, to]),
        [[2843, "m2"]],
      );
      const back = of(outcome, "repair").filter(({ told }) => told.some((one) => /CLUSTERX/i.test(one)));
      assert.deepEqual(back, []);
    },
  },
];

describe("verdicts that were wrong once, on real servers", function () {
  this.timeout(600_000);
  /** By verdict: how its run ended, or why it cannot be run here. */
  const outcomes = new Map<Verdict, Promise<Ran> | string>();
  let folder: string;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "kvchaos-verdicts-"));
    const engine = await connectEngine();
    for (const image of [REDIS, KVROCKS]) {
      const there = image === REDIS || (await engine.inspectImage(image)) !== null;
      const files = new Map<string, Verdict>();
      for (const verdict of VERDICTS.filter((one) => one.image === image)) {
        const refusal = verdict.plain ? redirectRefusal(engine.info.local) : null;
        if (refusal !== null) outcomes.set(verdict, refusal);
        else if (!there) outcomes.set(verdict, `no image ${image}: kvchaos images wrap makes one`);
        else files.set(await written(verdict), verdict);
      }
      // Not beside those of the image before.
      const before = Promise.allSettled<unknown>([...outcomes.values()]);
      const ran = someAtOnce(
        [...files.keys()],
        ["--image", image],
        path.join(folder, systemOfImage(image) ?? ""),
        before,
      );
      for (const [file, outcome] of ran) outcomes.set(files.get(file) as Verdict, outcome);
    }
  });
  after(async () => {
    await Promise.allSettled<unknown>(outcomes.values());
    await rm(folder, { recursive: true, force: true });
  });

  async function written(verdict: Verdict): Promise<string> {
    const { title, experiment, r1 } = verdict;
    const own = await mkdtemp(path.join(folder, "one-"));
    const file = path.join(own, `verdict${VERDICTS.indexOf(verdict)}.yaml`);
    await writeFile(file, `title: ${title}\n${experiment}\n`);
    if (r1 !== undefined) await writeFile(path.join(own, "own.yaml"), await startedAs(r1));
    return file;
  }

  async function read(ran: Ran): Promise<Outcome> {
    const text = (name: string): Promise<string> => readFile(path.join(ran.directory, name), "utf8");
    const { findings } = JSON.parse(await text("result.json"));
    return {
      ...ran,
      found: findings.map(kindOf),
      journal: (await text("journal.jsonl"))
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
      page: await text("report.html"),
    };
  }

  for (const verdict of VERDICTS) {
    it(verdict.title, async function () {
      const ran = await outcomes.get(verdict);
      assert.ok(ran);
      if (typeof ran === "string") return skip(this, ran);
      const outcome = await read(ran);
      assert.deepEqual([outcome.code, outcome.found], [verdict.code, verdict.found], outcome.stderr);
      await verdict.more?.(outcome);
    });
  }
});

/** One master and one replica, which is started by a shell's words. */
function startedAs(words: string): string {
  const plain = composeText(topology());
  const changed = plain.replace(
    "  r1:\n    <<: *server\n",
    (found) => `${found}    entrypoint: [sh, -c, '${words}', sh]\n`,
  );
  assert.notEqual(changed, plain);
  return changed;
}
