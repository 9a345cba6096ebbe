import assert from "node:assert/strict";
import { type RecordedMode, recording } from "../testing/recording.support.ts";
import { explainFutex, type FutexWait } from "./futex.ts";

/** Every thread's wait, in the ids of the process's own namespace. */
function waits(mode: RecordedMode, isThread?: (id: number) => boolean, { words } = recording(mode).memory): string[] {
  const { threads } = recording(mode);
  const ids = new Set(threads.map((thread) => thread.nsTid));
  return threads.flatMap(({ nsTid, syscall }) => {
    if (syscall?.kind !== "in" || syscall.number !== 202) return [];
    return [`${nsTid} ${text(explainFutex(syscall.args, words, isThread ?? ((id) => ids.has(id))))}`];
  });
}

function text(wait: FutexWait): string {
  if (wait.kind === "ownerless") return "ownerless";
  if (wait.kind === "rwlock") return `${wait.want} of ${wait.owner ?? `${wait.readers} readers`}`;
  return `${wait.kind} of ${wait.owner}`;
}

describe("what a futex is", () => {
  it("a join is no rwlock and a rwlock is no join, although thread 3 exists and 3 is what both wait on", () => {
    assert.deepEqual(waits("switch"), [
      "1 join of 3",
      "2 write of 3",
      "3 join of 2",
      "4 read of 3",
      "5 read of 3",
      "6 read of 3",
    ]);
  });

  it("a mutex names its owner, a rwlock its writer", () => {
    assert.deepEqual(waits("flush"), ["2 mutex of 2", "3 read of 2", "4 read of 2", "5 read of 2"]);
  });

  it("a rwlock held by readers names nobody", () => {
    assert.deepEqual(waits("readers"), [
      "2 mutex of 3",
      "3 write of 1 readers",
      "4 write of 1 readers",
      "5 write of 1 readers",
    ]);
  });

  it("a rwlock is one as well with the number that the library that sees locks has left in it", () => {
    for (const mode of ["switch", "flush", "readers"] as const) {
      const { words } = recording(mode).memory;
      const numbered: typeof words = (address, count) =>
        words(address, count)?.map((word, i) => (count === 14 && i === 10 ? 77 : word)) ?? null;
      assert.deepEqual(waits(mode, undefined, { words: numbered }), waits(mode));
    }
  });

  it("condition variables and semaphores have no owner, and waiting for a healthy loop to end is a join", () => {
    assert.deepEqual(waits("idle"), ["1 join of 7", "2 ownerless", "3 ownerless", "4 ownerless", "5 ownerless"]);
  });

  it("an owner that is no thread of the process is no owner", () => {
    for (const mode of ["switch", "flush"] as const)
      for (const wait of waits(mode, () => false)) assert.match(wait, /ownerless|readers/, `${mode}: ${wait}`);
  });

  it("a join of an older glibc, with FUTEX_WAIT, is a join too, even of thread 2, whose id looks like a mutex's state", () => {
    const { threads, memory } = recording("switch");
    const joiner = threads.find((one) => one.nsTid === 3);
    assert.ok(joiner?.syscall?.kind === "in");
    const args = joiner.syscall.args.map((arg, i) => (i === 1 ? 0 : arg));
    const wait = explainFutex(args, memory.words, (id) => id <= 6);
    assert.ok(wait.kind === "join" && wait.owner === 2);
  });

  it("a word that changed since is no wait", () => {
    const { threads, memory } = recording("flush");
    const [thread] = threads.filter((one) => one.comm === "ReplBgWorker");
    assert.ok(thread?.syscall?.kind === "in");
    const [address = 0] = thread.syscall.args;
    const unlocked = (at: number, count: number) =>
      memory.words(at, count)?.map((w, i) => (at + i * 4 === address ? 0 : w)) ?? null;
    assert.equal(explainFutex(thread.syscall.args, unlocked, () => true).kind, "ownerless");
  });

  it("a wait with a time limit is marked", () => {
    const { threads, memory } = recording("flush");
    const thread = threads.find((one) => one.comm === "ReplBgWorker");
    assert.ok(thread?.syscall?.kind === "in");
    const args = thread.syscall.args.map((arg, i) => (i === 3 ? 0x7ffe0000 : arg));
    const wait = explainFutex(args, memory.words, () => true);
    assert.ok(wait.kind === "mutex" && wait.timed);
  });

  it("random memory around an address is neither a lock nor a thread", () => {
    let seed = 7;
    const random = () => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return seed % 5 === 0 ? seed : seed % 4;
    };
    for (let i = 0; i < 600; i++) {
      const memory = Array.from({ length: 1024 }, random);
      const value = 2 + (i % 2);
      memory[600] = value;
      const base = 0x7f0000000000;
      const words = (at: number, count: number) => memory.slice((at - base) / 4, (at - base) / 4 + count);
      const operation = [0x80, 0x189, 0x109][i % 3] ?? 0;
      const wait = explainFutex([base + 2400, operation, value, 0, 0, 0], words, (id) => id >= 1 && id <= 3);
      // Small numbers do look like a mutex now and then (owner, users, kind): only the other snapshots tell. Pointers do not.
      if (wait.kind !== "mutex") assert.equal(wait.kind, "ownerless");
    }
  });

  it("an address that is not mapped is not guessed at", () => {
    assert.equal(
      explainFutex(
        [0x7f0000000000, 0x80, 2, 0, 0, 0],
        () => null,
        () => true,
      ).kind,
      "ownerless",
    );
  });
});
