import assert from "node:assert/strict";
import { seededRandom } from "../base/random.ts";
import { Corpus } from "./corpus.ts";
import { type Exploration, explore, kindsOf, type Outcome, type Tried } from "./explorer.ts";
import { type Grammar, groundOf } from "./grammar/draw.ts";
import type { Drawn } from "./grammar/drawn.ts";
import { DRAWN_FAULTS } from "./grammar/faults.ts";
import { Ledger, standingOf } from "./ledger.ts";

const GRAMMAR: Grammar = {
  system: "redis",
  faults: Object.keys(DRAWN_FAULTS),
  workloads: ["set", "hset", "lpush"],
  talking: [],
  recordable: ["set"],
  commands: [["INFO"], ["BGSAVE"]],
  modes: ["replication"],
  settings: true,
};

/** A server that shows something new with every further kind of fault, in this order, and has a bug at the end of it. */
const PATH = ["partition", "switch-master", "kill", "pause", "flushall"];

function simulated(document: Drawn): Outcome {
  const kinds = kindsOf(document);
  const depth = PATH.findIndex((kind) => !kinds.has(kind));
  const reached = depth < 0 ? PATH.length : depth;
  const behaviour = new Set([...kinds].map((kind) => `kind ${kind}`));
  for (let step = 1; step <= reached; step++) behaviour.add(`depth ${step}`);
  const seen = reached === PATH.length ? [{ signature: "hang of master", proved: true, known: null }] : [];
  return { behaviour, seen, void: false };
}

async function exploreFor(count: number, change: Partial<Exploration> = {}) {
  const tried: Tried[] = [];
  const { corpus, ledger } = await explore({
    grammar: GRAMMAR,
    seed: "1",
    jobs: 1,
    guided: true,
    valid: async () => true,
    run: async (document) => simulated(document),
    onTried: async (one) => void tried.push(one),
    over: () => tried.length >= count,
    ...change,
  });
  return { corpus, ledger, tried };
}

describe("exploring", () => {
  it("draws the same experiments from the same seed, and others from another", async () => {
    const documents = async (seed: string) => (await exploreFor(30, { seed })).tried.map(({ document }) => document);
    assert.deepEqual(await documents("a"), await documents("a"));
    assert.notDeepEqual(await documents("a"), await documents("b"));
  });

  it("goes on where it was: what was taken in again decides as it did then", async () => {
    const whole = await exploreFor(40);
    const half = await exploreFor(20);
    const rest: Tried[] = [];
    await exploreFor(20, {
      corpus: half.corpus,
      ledger: half.ledger,
      first: 21,
      onTried: async (one) => void rest.push(one),
      over: () => rest.length >= 20,
    });
    assert.deepEqual(
      [...half.tried, ...rest].map(({ document }) => document),
      whole.tried.map(({ document }) => document),
    );
  });

  it("finds what lies deep sooner than drawing does alone, with the same seeds and budget", async () => {
    const found = { guided: 0, drawn: 0 };
    for (let seed = 1; seed <= 16; seed++) {
      for (const [how, guided] of [
        ["guided", true],
        ["drawn", false],
      ] as const) {
        const { ledger } = await exploreFor(200, { seed: String(seed), guided });
        if (ledger.bugs.length > 0) found[how]++;
      }
    }
    assert.ok(found.guided > found.drawn, JSON.stringify(found));
  });

  it("learns nothing from an experiment that counts for nothing", async () => {
    const { corpus, ledger } = await exploreFor(10, {
      run: async (document) => ({ ...simulated(document), void: true }),
    });
    assert.deepEqual([corpus.size, ledger.bugs.length], [0, 0]);
  });

  it("seldom draws what leads to a bug that is known", async () => {
    const ledger = new Ledger();
    ledger.note("x", { experiment: 1, proved: true, known: null }).bug.kinds = ["command"];
    const having = ({ tried }: { tried: Tried[] }) =>
      tried.filter(({ document }) => kindsOf(document).has("command")).length;
    const [before, after] = [having(await exploreFor(100)), having(await exploreFor(100, { ledger }))];
    assert.ok(after < before / 2, `${after} against ${before}`);
    assert.ok(after > 0);
  });

  it("takes what all experiments have in common that showed a bug for what leads to it, until it is shrunk", () => {
    const ledger = new Ledger();
    const seen = { proved: false, known: null };
    ledger.note("x", { ...seen, experiment: 1, faults: new Set(["kill", "pause", "command"]) });
    assert.equal(ledger.leadsToKnown(new Set(["kill", "pause", "command"])), false);
    ledger.note("x", { ...seen, experiment: 2, faults: new Set(["kill", "flushall"]) });
    assert.deepEqual(
      [ledger.leadsToKnown(new Set(["kill", "restart"])), ledger.leadsToKnown(new Set(["pause", "command"]))],
      [true, false],
    );
  });

  it("stays with the cluster that an experiment left, and draws another where none is", async () => {
    const run = (leavesCluster: boolean) => async (document: Drawn) => ({ ...simulated(document), leavesCluster });
    const moves = async (leaves: boolean) => {
      const { tried } = await exploreFor(40, { run: run(leaves) });
      return tried.filter(({ document }, at) => {
        const before = tried[at - 1];
        return before && JSON.stringify(groundOf(before.document)) !== JSON.stringify(groundOf(document));
      }).length;
    };
    const [warm, cold] = [await moves(true), await moves(false)];
    assert.ok(warm > 0 && warm < cold / 2, `${warm} against ${cold}`);
  });

  it("says when nothing that it may draw fits together", async () => {
    await assert.rejects(exploreFor(1, { valid: async () => false }), /none of 500 experiments/);
  });
});

describe("the corpus", () => {
  it("takes what shows rare behaviour more often than what shows what everybody does", () => {
    const corpus = new Corpus();
    corpus.add(1, { title: "common" }, new Set(["a"]));
    corpus.add(2, { title: "rare" }, new Set(["a", "b"]));
    for (let number = 3; number < 20; number++) corpus.add(number, {}, new Set(["a"]));
    const random = seededRandom("1");
    const picked = Array.from({ length: 200 }, () => corpus.pick(random)?.document.title);
    assert.ok(picked.filter((title) => title === "rare").length > 100);
  });
});

describe("the corpus after a bug", () => {
  it("seldom takes what showed it", () => {
    const corpus = new Corpus();
    corpus.add(1, { title: "bug" }, new Set(["a"]), true);
    corpus.add(2, { title: "other" }, new Set(["b"]));
    const random = seededRandom("1");
    const picked = Array.from({ length: 100 }, () => corpus.pick(random)?.document.title);
    const share = picked.filter((title) => title === "bug").length;
    assert.ok(share > 0 && share < 30, String(share));
    assert.equal(
      corpus.pick(random, ({ title }) => title === "none"),
      null,
    );
  });

  it("tells lines of logs that some experiments showed and others did not", () => {
    const corpus = new Corpus();
    corpus.add(1, {}, new Set(["log starts", "log partial resync", "state a -> b"]));
    corpus.add(2, {}, new Set(["log starts", "log partial resync"]));
    corpus.add(3, {}, new Set(["log starts", "log once"]));
    corpus.add(4, {}, new Set(["log starts"]));
    assert.deepEqual(corpus.someLogLines, ["partial resync"]);
  });
});

describe("the standing of a bug", () => {
  it("counts when it came back or proves itself, and not when it was seen once", () => {
    const bug = { proved: false, again: { shown: 0, of: 3 }, experiments: [7] };
    assert.equal(standingOf(bug), "seen once");
    assert.equal(standingOf({ ...bug, proved: true }), "proved");
    assert.equal(standingOf({ ...bug, experiments: [7, 9] }), "came back");
    assert.equal(standingOf({ ...bug, again: { shown: 1, of: 3 } }), "came back");
  });
});
