import assert from "node:assert/strict";
import type { Prediction } from "../../journal/prediction.ts";
import { lockGraph, type SaidGraph } from "../../testing/locks/lock-graph.support.ts";
import { foretell } from "../foretell.ts";
import type { LockUse } from "../graph.ts";
import { explain } from "./explain.ts";

async function predicted(said: SaidGraph): Promise<Prediction[]> {
  const { graph, naming } = lockGraph(said);
  const { predictions, incomplete } = await foretell(graph, naming);
  assert.deepEqual(incomplete, []);
  return predictions;
}

/** What is predicted, in words without sites and times. */
async function told(said: SaidGraph): Promise<string[]> {
  return (await predicted(said)).map(
    ({ sides, needsWriter }) =>
      sides
        .map(({ thread, holds, wants }) => `${thread} ${holds.map(({ lock }) => lock).join(" ")} -> ${wants.lock}`)
        .join(", ") + (needsWriter ? ", and a writer" : ""),
  );
}

const TWO = ["one", "other"];
const inverse = (one: object = {}, other: object = {}): SaidGraph => ({
  threads: TWO,
  dependencies: [
    { by: [1], holds: ["A"], wants: "B", ...one },
    { by: [2], holds: ["B"], wants: "A", ...other },
  ],
});

describe("predictions", () => {
  it("are two locks taken in both orders by two threads", async () => {
    assert.deepEqual(await told(inverse()), ["one mutex A -> mutex B, other mutex B -> mutex A"]);
    assert.deepEqual(await told(inverse({}, { holds: ["A"], wants: "B" })), []);
    assert.deepEqual(await told(inverse({}, { holds: ["C"] })), []);
  });

  it("are three locks that three threads take around a circle, and not the two that do half of it", async () => {
    const threads = ["a", "b", "c"];
    const dependencies = [
      { by: [1], holds: ["A"], wants: "B" },
      { by: [2], holds: ["B"], wants: "C" },
      { by: [3], holds: ["C"], wants: "A" },
    ];
    const circle = "a mutex A -> mutex B, b mutex B -> mutex C, c mutex C -> mutex A";
    assert.deepEqual(await told({ threads, dependencies }), [circle]);
    assert.deepEqual(await told({ threads, dependencies: dependencies.slice(0, 2) }), []);
  });

  it("are none where both hold one more lock that keeps them apart", async () => {
    const gated = (gate: string, other = gate) => told(inverse({ holds: [gate, "A"] }, { holds: [other, "B"] }));
    assert.deepEqual(await gated("G"), []);
    assert.deepEqual(await gated("G:w"), []);
    assert.deepEqual(await gated("G:r", "G:w"), []);
    assert.equal((await gated("G:r")).length, 1, "two readers do not keep each other out");
    assert.equal((await gated("G", "H")).length, 1);
  });

  it("are none where a lock is held by two sides of three that are not neighbours", async () => {
    const dependencies = [
      { by: [1], holds: ["G", "A"], wants: "B" },
      { by: [2], holds: ["B"], wants: "C" },
      { by: [3], holds: ["C"], wants: "D" },
      { by: [4], holds: ["D"], wants: "A" },
    ];
    const threads = ["a", "b", "c", "d"];
    assert.equal((await told({ threads, dependencies })).length, 1);
    const third = { by: [3], holds: ["G", "C"], wants: "D" };
    assert.deepEqual(await told({ threads, dependencies: dependencies.map((one, i) => (i === 2 ? third : one)) }), []);
  });

  it("tell readers from writers", async () => {
    const held = async (mode: string, wanted: string) =>
      (await told(inverse({ holds: [`A:${mode}`] }, { holds: ["B"], wants: `A:${wanted}` }))).length;
    const modes = [held("r", "w"), held("w", "r"), held("w", "w"), held("r", "r")];
    assert.deepEqual(await Promise.all(modes), [1, 1, 1, 0]);
  });

  it("let two readers exclude each other where the lock prefers writers and one was seen to want it", async () => {
    const readers = inverse({ holds: ["A:r"] }, { holds: ["G", "B"], wants: "A:r", prefersWriter: true });
    const writer = { by: [3], wants: "A:w in Flush" };
    const with3 = (more: object): SaidGraph => ({
      threads: [...TWO, "flush"],
      dependencies: [...readers.dependencies, { ...writer, ...more }],
    });
    assert.deepEqual(await told(readers), [], "nobody was seen to write");
    assert.deepEqual(await told(with3({})), [
      "one rwlock A -> mutex B, other mutex C mutex B -> rwlock A, and a writer",
    ]);
    assert.deepEqual(await told(with3({ holds: ["G"] })), [], "the writer is kept out by what the other side holds");
    assert.deepEqual(await told(with3({ by: [2] })), [], "no third thread");
    assert.equal((await predicted(with3({})))[0]?.writers[0]?.thread, "flush");
    const plain = readers.dependencies.map((one) => ({ ...one, prefersWriter: false }));
    assert.deepEqual(await told({ ...with3({}), dependencies: [...plain, writer] }), []);
  });

  it("are none where a side held more than is told: a lock that keeps it apart may be among that", async () => {
    assert.deepEqual(await told(inverse({ cut: true })), []);
    assert.deepEqual(
      await told({ threads: TWO, dependencies: [{ by: [1], holds: ["A"], wants: "A", itself: true, cut: true }] }),
      [],
    );
  });

  it("are none where a side's thread was made and joined under a lock that the other side holds", async () => {
    const G: LockUse = { lock: "G", kind: "rwlock", mode: "shared", site: 0 };
    const made = { name: "child", parent: 1, parentEpoch: 0, joinedBy: 1, joinedEpoch: 2, within: [G] };
    const said = (child: object, other: string, more: object = {}): SaidGraph => ({
      threads: ["maker", { ...made, ...child }, { name: "other", parent: 1, parentEpoch: 0 }, { name: "pool" }],
      dependencies: [
        { by: [2], holds: ["A"], wants: "B", ...more },
        { by: [3], holds: [other, "B"], wants: "A" },
      ],
    });
    assert.deepEqual(await told(said({}, "G:w")), []);
    assert.equal((await told(said({}, "G:r"))).length, 1, "two readers do not keep each other out");
    assert.equal((await told(said({}, "H"))).length, 1);
    assert.equal((await told(said({ joinedBy: 3 }, "G:w"))).length, 1, "its maker may have let go of it by then");
    assert.deepEqual(await told(said({}, "G:w", { many: true })), [], "others of its pool live like it");
    assert.equal((await told(said({}, "G:w", { by: [2, 4] }))).length, 1);
    const grandchild = { name: "grandchild", parent: 2, parentEpoch: 0, joinedBy: 2, joinedEpoch: 2 };
    const { threads, dependencies } = said({}, "G:w", { by: [5] });
    assert.deepEqual(await told({ threads: [...threads, grandchild], dependencies }), []);
    const makers = said({}, "G:w");
    const byMaker = makers.dependencies.map((one, i) => (i === 1 ? { ...one, by: [[1, 1, 1] as const] } : one));
    assert.equal((await told({ ...makers, dependencies: byMaker })).length, 1, "who holds it itself runs beside it");
  });

  it("need different threads", async () => {
    assert.deepEqual(await told(inverse({ by: [1] }, { by: [1] })), []);
    assert.equal((await told(inverse({ by: [1, 2] }, { by: [1] }))).length, 1);
    assert.equal((await told(inverse({ by: [1] }, { by: [1], many: true }))).length, 1);
  });

  it("find no three threads in two", async () => {
    const sides = (third: number[]): SaidGraph => ({
      threads: ["w-1", "w-2", "w-3"],
      dependencies: [
        { by: [1, 2], holds: ["A"], wants: "B" },
        { by: [1, 2], holds: ["B"], wants: "C" },
        { by: third, holds: ["C"], wants: "A" },
      ],
    });
    assert.deepEqual(await told(sides([1, 2])), []);
    assert.equal((await told(sides([2, 3]))).length, 1);
  });

  it("see a lock that is held while a thread is joined that wants it, even if that holds nothing", async () => {
    const said = (wants: string, holds: string[] = []): SaidGraph => ({
      threads: [{ name: "worker" }, { name: "master-repl", parent: 1, parentEpoch: 0, joinedBy: 1, joinedEpoch: 2 }],
      dependencies: [
        { by: [[2, 0, 0]], wants, holds },
        { by: [[1, 1, 1]], holds: ["A:w"], wants: "thread 2" },
      ],
    });
    assert.deepEqual(await told(said("A:w")), ["worker rwlock A -> the end of master-repl, master-repl  -> rwlock A"]);
    assert.deepEqual(await told(said("B")), []);
    assert.equal((await told(said("A:w", ["G"]))).length, 1);
  });

  it("follow a joined thread through another lock and another thread", async () => {
    const said = (third: string): SaidGraph => ({
      threads: ["main", "joined", "third"],
      dependencies: [
        { by: [1], holds: ["A"], wants: "thread 2" },
        { by: [2], wants: "B" },
        { by: [3], holds: ["B"], wants: third },
      ],
    });
    assert.deepEqual(await told(said("A")), [
      "main mutex A -> the end of joined, joined  -> mutex B, third mutex B -> mutex A",
    ]);
    assert.deepEqual(await told(said("C")), []);
  });

  it("know a joined thread of a pool by its name and by what it runs, where not every thread is known by number", async () => {
    const said = (name: string, many: boolean, routine = 0): SaidGraph => ({
      threads: ["main", "pool-1", { name, routine }],
      dependencies: [
        { by: [1], holds: ["A"], wants: "thread 3" },
        { by: [2], many, wants: "A" },
      ],
    });
    assert.equal((await told(said("pool-77", true))).length, 1);
    assert.deepEqual(await told(said("pool-77", false)), []);
    assert.deepEqual(await told(said("other", true)), []);
    assert.deepEqual(await told(said("pool-1", true, 4711)), [], "made by one of the pool for something else");
  });

  it("are none where one side was over before the other thread began, or joined before", async () => {
    const ordered = async (second: object, one: readonly [number, number], threads: object[] = []) => {
      const dependencies: SaidGraph["dependencies"] = [
        { by: [[1, ...one]], holds: ["A"], wants: "B" },
        { by: [[2, 0, 0]], holds: ["B"], wants: "A" },
      ];
      const all = [{ name: "main" }, { name: "second", ...second }, ...threads];
      return (await told({ threads: all, dependencies })).length;
    };
    const child = { parent: 1, parentEpoch: 1, joinedBy: 1, joinedEpoch: 3 };
    assert.deepEqual(
      await Promise.all([
        ordered(child, [0, 1]),
        ordered(child, [2, 2]),
        ordered(child, [3, 3]),
        ordered(child, [0, 3]),
      ]),
      [0, 1, 0, 1],
    );
    // main starts a thread that starts the second, and joins it after it has joined the second.
    const grandchild = { parent: 3, parentEpoch: 0, joinedBy: 3, joinedEpoch: 2 };
    const between = [{ name: "between", parent: 1, parentEpoch: 1, joinedBy: 1, joinedEpoch: 3 }];
    assert.deepEqual(
      await Promise.all(
        [[0, 1] as const, [2, 2] as const, [3, 3] as const].map((epochs) => ordered(grandchild, epochs, between)),
      ),
      [0, 1, 0],
    );
  });

  it("put two children in an order where one is joined before the other starts", async () => {
    const children = (startedIn: number): SaidGraph => ({
      threads: [
        "main",
        { name: "a", parent: 1, parentEpoch: 0, joinedBy: 1, joinedEpoch: 2 },
        { name: "b", parent: 1, parentEpoch: startedIn },
      ],
      dependencies: [
        { by: [2], holds: ["A"], wants: "B" },
        { by: [3], holds: ["B"], wants: "A" },
      ],
    });
    assert.deepEqual(await told(children(2)), []);
    assert.equal((await told(children(1))).length, 1);
    const { dependencies, threads } = children(2);
    assert.equal(
      (await told({ threads, dependencies: dependencies.map((one) => ({ ...one, many: true })) })).length,
      1,
    );
  });

  it("are what a thread does to itself", async () => {
    const itself = (more: object, others: SaidGraph["dependencies"] = []) =>
      told({ threads: TWO, dependencies: [{ by: [1], itself: true, wants: "A", ...more }, ...others] });
    assert.deepEqual(await itself({ holds: ["A"] }), ["one mutex A -> mutex A"]);
    assert.deepEqual(await itself({ holds: ["A:r"], wants: "A:w" }), ["one rwlock A -> rwlock A"]);
    const again = { holds: ["A:r"], wants: "A:r", prefersWriter: true };
    assert.deepEqual(await itself(again), []);
    assert.deepEqual(await itself(again, [{ by: [1], wants: "A:w" }]), []);
    assert.deepEqual(await itself(again, [{ by: [2], wants: "A:w" }]), ["one rwlock A -> rwlock A, and a writer"]);
  });

  it("leave out a cycle that has a shorter one in it", async () => {
    const said: SaidGraph = {
      threads: ["a", "b", "c"],
      dependencies: [
        { by: [1], holds: ["A"], wants: "B:w" },
        { by: [2], holds: ["B:r"], wants: "C:w" },
        { by: [3], holds: ["C:r", "B:r"], wants: "A" },
      ],
    };
    assert.deepEqual(await told(said), ["c rwlock C rwlock A -> mutex B, a mutex B -> rwlock A"]);
  });

  it("leave out a detour: what one thread needs a third one for, and does not once it goes on", async () => {
    const said = (...flushall: SaidGraph["dependencies"]): SaidGraph => ({
      threads: ["flushall", "flushdb", "info"],
      dependencies: [
        { by: [1], holds: ["A:w"], wants: "B:w" },
        ...flushall,
        { by: [2], holds: ["B:w"], wants: "C:w" },
        { by: [3], holds: ["C:r"], wants: "A:r" },
      ],
    });
    const lengths = async (graph: SaidGraph): Promise<number[]> =>
      (await predicted(graph)).map(({ sides }) => sides.length);
    assert.deepEqual(await lengths(said()), [3]);
    assert.deepEqual(await lengths(said({ by: [1], holds: ["A:w", "B:w"], wants: "C:w" })), [2]);
    assert.deepEqual(await lengths(said({ by: [1], holds: ["A:w"], wants: "C:w" })), [2, 3], "not by way of B");
    const toRead: SaidGraph["dependencies"][number] = { by: [1], holds: ["A:w", "B:w"], wants: "C:r" };
    const { dependencies } = said(toRead, { by: [2], wants: "C:w" });
    const withWriter = dependencies.map((one) => ({ ...one, prefersWriter: true }));
    assert.deepEqual(await lengths({ ...said(), dependencies: withWriter }), [2, 3], "takes a writer as well");
  });

  it("of the same functions are one, whatever the addresses and numbers, with how many there were", async () => {
    const pair = (n: number, at: number): SaidGraph["dependencies"] => [
      { by: [1], thread: `w-${n}`, holds: [`A${n} in Get`], wants: `B${n} in Put`, at: [at], count: 2 },
      { by: [2], holds: [`B${n} in Scan`], wants: `A${n} in Drop`, at: [at + 10 * n] },
    ];
    const both = await predicted({ threads: TWO, dependencies: [...pair(2, 100), ...pair(1, 300)] });
    const [one] = await predicted({ threads: ["x", "other"], dependencies: pair(7, 0) });
    assert.equal(both.length, 1);
    assert.equal(both[0]?.instances, 2);
    assert.equal(both[0]?.gap, 10);
    assert.equal(both[0]?.signature, one?.signature);
    assert.match(one?.signature ?? "", /^[0-9a-f]{12}$/);
    const worker = both[0]?.sides.find(({ thread }) => thread === "w-#");
    assert.deepEqual([worker?.count, worker?.at], [4, [100, 300]]);
    const other = pair(1, 0).map((side) => ({ ...side, wants: side.wants.replace("Drop", "Flush") }));
    assert.notEqual((await predicted({ threads: TWO, dependencies: other }))[0]?.signature, one?.signature);
  });

  it("come in the order of how close their sides came, the unknown last", async () => {
    const pair = (a: string, b: string, at: number[][]): SaidGraph["dependencies"] => [
      { by: [1], holds: [`${a} in ${a}`], wants: `${b} in ${b}`, at: at[0] ?? [] },
      { by: [2], holds: [`${b} in ${b}`], wants: `${a} in ${a}`, at: at[1] ?? [] },
    ];
    const pairs = [pair("A", "B", [[1], []]), pair("C", "D", [[0, 500], [620]]), pair("E", "F", [[0, 90], [5]])];
    const gaps = (await predicted({ threads: TWO, dependencies: pairs.flat() })).map(({ gap }) => gap);
    assert.deepEqual(gaps, [5, 120, null]);
  });

  it("name the caller of a function that only takes locks, and tell by it what is the same", async () => {
    const said = (caller: string): SaidGraph => ({
      ...inverse({ wants: "B in rocksdb::port::Mutex::Lock", stack: 1 }),
      stacks: { 1: ["rocksdb::port::Mutex::Lock", "rocksdb::MutexLock::MutexLock", caller, "main"] },
    });
    const [flush] = await predicted(said("DB::Flush"));
    const [write] = await predicted(said("DB::Write"));
    assert.equal(flush?.sides.find(({ thread }) => thread === "one")?.wants.caller?.function, "DB::Flush");
    assert.notEqual(flush?.signature, write?.signature);
    assert.ok(explain(flush ?? assert.fail()).includes("wants mutex B (in DB::Flush)"));
  });

  it("of one call that several functions have made are as many as these, however close each came", async () => {
    const pair = (n: number, at: number): SaidGraph["dependencies"] => [
      { by: [1], holds: [`A${n} in Get`], wants: `B${n} in Mutex::Lock`, stack: n, at: [at] },
      { by: [2], holds: [`B${n} in Put`], wants: `A${n} in Drop`, at: [at] },
    ];
    const wanted = async (dependencies: SaidGraph["dependencies"]) =>
      (await predicted({ threads: TWO, dependencies, stacks: { 1: ["DB::Flush"], 2: ["DB::Write"] } }))
        .flatMap(({ sides }) => sides.flatMap(({ wants }) => wants.caller?.function ?? []))
        .sort();
    assert.deepEqual(await wanted([...pair(1, 0), ...pair(2, 900)]), ["DB::Flush", "DB::Write"]);
    assert.deepEqual(await wanted([...pair(2, 0), ...pair(1, 900)]), ["DB::Flush", "DB::Write"]);
  });
});
