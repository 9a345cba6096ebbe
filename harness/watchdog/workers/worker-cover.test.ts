import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Reply } from "../../resp/reply.ts";
import { RespError } from "../../resp/reply.ts";
import { type ConnectionView, PROBE_NAME } from "../observation.ts";
import { type CoverOptions, chanceOfCover, coverWorkers } from "./worker-cover.ts";
import { readWorkers } from "./worker-threads.ts";

/** A server whose workers get connections by a rule; every connection answers at once. */
class FakeWorkers {
  readonly count: number;
  readonly #workerOf: (connection: number) => number;
  views: ConnectionView[] = [];
  grown: number[] = [];
  asked: string[] = [];
  /** Descriptors of the server: connection n is n + 100; epoll instances are 10, 11, … */
  constructor(count: number, connections: number, workerOf: (connection: number) => number) {
    this.count = count;
    this.#workerOf = workerOf;
    this.#open(connections);
  }

  options(more: Partial<CoverOptions> = {}): CoverOptions {
    return {
      workerThreads: { comm: /^worker$/, setting: "workers" },
      look: () => ({
        threads: Array.from({ length: this.count }, (_, i) => ({ tid: 500 + i, comm: "worker", epoll: 10 + i })),
        epolls: new Map(Array.from({ length: this.count }, (_, i) => [10 + i, this.#watchedBy(i)])),
      }),
      told: () => null,
      ask: async (argv) => this.answer(argv),
      views: () => this.views,
      grow: (connections) => {
        this.grown.push(connections);
        this.#open(connections);
      },
      signal: new AbortController().signal,
      ...more,
    };
  }

  answer(argv: readonly string[]): Reply {
    this.asked.push(argv.join(" "));
    if (argv[0] === "CONFIG") return ["workers", String(this.count)];
    const lines = this.views.map(
      ({ number }) => `id=${number} addr=172.17.0.1:${number} fd=${number + 100} name=${PROBE_NAME}${number} age=0`,
    );
    return Buffer.from(["id=99 addr=172.17.0.1:5 fd=7 name= age=1", ...lines].join("\n"));
  }

  #watchedBy(worker: number): Set<number> {
    return new Set(
      this.views.filter(({ number }) => this.#workerOf(number) === worker).map(({ number }) => number + 100),
    );
  }

  #open(connections: number): void {
    for (let number = this.views.length; number < connections; number++) {
      const view = { number, kind: "established", localPort: 40_000 + number, link: "open" } as const;
      this.views.push({ ...view, askedAt: null, answeredAt: 1 });
    }
  }
}

describe("worker cover", () => {
  it("is content with the connections there are when every worker has one", async () => {
    const server = new FakeWorkers(4, 8, (n) => n % 4);
    const cover = await coverWorkers(server.options());
    assert.deepEqual(
      [cover.workers, cover.covered, cover.connections, cover.proof, cover.why],
      [4, 4, 8, "proc", null],
    );
    assert.deepEqual(server.grown, []);
    assert.deepEqual(cover.placed.get(6), { localPort: 40_006, worker: "worker 502" });
  });

  it("opens connections until the last worker has one", async () => {
    const server = new FakeWorkers(4, 8, (n) => (n < 13 ? n % 3 : 3));
    const cover = await coverWorkers(server.options());
    assert.deepEqual([cover.covered, cover.connections], [4, 16]);
    assert.equal(cover.placed.get(13)?.worker, "worker 503");
  });

  it("gives up when a worker gets none of very many, and says so", async () => {
    const server = new FakeWorkers(4, 8, (n) => n % 3);
    const cover = await coverWorkers(server.options());
    assert.deepEqual([cover.workers, cover.covered, cover.proof], [4, 3, "proc"]);
    assert.match(cover.why ?? "", /left some workers out/);
    assert.ok(cover.connections >= 64 && cover.connections < 80, `${cover.connections}`);
  });

  it("counts established connections only: the admin probe's worker is not covered by it", async () => {
    const server = new FakeWorkers(2, 2, (n) => (n === 0 ? 0 : n === 1 ? 1 : 1));
    Object.assign(server.views[1] as ConnectionView, { kind: "admin" });
    const cover = await coverWorkers(server.options());
    assert.equal(cover.covered, 2);
    assert.ok(server.grown.length > 0);
  });

  it("names a thread that was busy at first", async () => {
    const server = new FakeWorkers(2, 4, (n) => n % 2);
    const { look } = server.options();
    let looks = 0;
    const cover = await coverWorkers(
      server.options({
        look: () => {
          const view = look();
          assert.ok("threads" in view);
          const threads = view.threads.map((thread) =>
            thread.tid === 501 && looks < 2 ? { ...thread, epoll: null } : thread,
          );
          looks++;
          return { ...view, threads };
        },
      }),
    );
    assert.equal(cover.placed.get(1)?.worker, "worker 501");
  });

  describe("where /proc does not tell", () => {
    const blind = { look: () => ({ why: "/proc/7 is not readable (EACCES)" }) };

    it("opens eight per worker and tells the chance", async () => {
      const server = new FakeWorkers(8, 4, (n) => n % 8);
      const cover = await coverWorkers(server.options(blind));
      assert.deepEqual([cover.workers, cover.covered, cover.connections, cover.proof], [8, null, 64, "numbers"]);
      assert.ok(cover.chance !== null && cover.chance > 0.998 && cover.chance < 0.999, `${cover.chance}`);
      assert.equal(cover.why, "/proc/7 is not readable (EACCES)");
      assert.equal(cover.placed.size, 0);
    });

    it("believes INFO before it asks for the setting", async () => {
      const server = new FakeWorkers(8, 4, (n) => n % 8);
      const cover = await coverWorkers(server.options({ ...blind, told: () => 2 }));
      assert.deepEqual([cover.workers, cover.connections], [2, 16]);
      assert.deepEqual(server.asked, []);
    });

    it("opens none when nobody tells how many workers there are", async () => {
      const server = new FakeWorkers(8, 4, (n) => n % 8);
      const refuse = { ...blind, ask: () => Promise.reject(new RespError("ERR unknown command")) };
      const cover = await coverWorkers(server.options(refuse));
      assert.deepEqual([cover.workers, cover.chance, cover.connections], [null, null, 4]);
    });

    it("argues by numbers when CLIENT LIST does not know our names", async () => {
      const server = new FakeWorkers(2, 4, (n) => n % 2);
      const ask = async (argv: readonly string[]) =>
        argv[0] === "CLIENT" ? Buffer.from("id=1 fd=100 name= \n") : server.answer(argv);
      const cover = await coverWorkers(server.options({ ask }));
      assert.deepEqual([cover.proof, cover.workers, cover.connections], ["numbers", 2, 16]);
    });
  });

  it("rejects when connections do not answer, with the reason", async () => {
    const server = new FakeWorkers(2, 4, (n) => n % 2);
    Object.assign(server.views[2] as ConnectionView, { answeredAt: null });
    const signal = AbortSignal.timeout(100);
    await assert.rejects(coverWorkers(server.options({ signal })));
  });

  it("knows the chance that nobody is left out", () => {
    assert.equal(chanceOfCover(1, 1), 1);
    assert.equal(chanceOfCover(2, 1), 0);
    assert.equal(chanceOfCover(2, 2), 0.5);
    assert.ok(Math.abs(chanceOfCover(3, 4) - 36 / 81) < 1e-12);
    // Inclusion and exclusion for 8 workers: 1 - 8 (7/8)^64 + 28 (6/8)^64 …
    assert.ok(Math.abs(chanceOfCover(8, 64) - (1 - 8 * (7 / 8) ** 64 + 28 * (6 / 8) ** 64)) < 1e-9);
  });
});

describe("reading worker threads", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "kvchaos-proc-"));
    mkdirSync(`${root}/7/task`, { recursive: true });
    mkdirSync(`${root}/7/fd`);
    mkdirSync(`${root}/7/fdinfo`);
  });
  afterEach(() => rmSync(root, { recursive: true }));
  const thread = (tid: number, comm: string, syscall?: string): void => {
    mkdirSync(`${root}/7/task/${tid}`);
    writeFileSync(`${root}/7/task/${tid}/comm`, `${comm}\n`);
    if (syscall !== undefined) writeFileSync(`${root}/7/task/${tid}/syscall`, `${syscall}\n`);
  };
  const descriptor = (fd: number, target: string, info = ""): void => {
    symlinkSync(target, `${root}/7/fd/${fd}`);
    writeFileSync(`${root}/7/fdinfo/${fd}`, info);
  };
  const wait =
    process.arch === "x64" ? "232 0x9 0x7f 0x20 0x270c 0x0 0x0 0x1 0x2" : "22 0x9 0x7f 0x20 0x270c 0x0 0x0 0x1 0x2";

  it("finds the workers, what they wait on, and what that watches", () => {
    thread(7, "kvrocks", "202 0x1 0x2 0x3 0x0 0x0 0x0 0x1 0x2");
    thread(8, "worker", wait);
    thread(9, "worker", "running");
    thread(10, "worker-not", wait);
    descriptor(
      9,
      "anon_inode:[eventpoll]",
      "pos:\t0\nflags:\t02000002\ntfd:       50 events:       19 data: 32\ntfd:        7 events: 19\n",
    );
    descriptor(50, "socket:[961803]", "pos:\t0\ntfd: 99\n");
    const view = readWorkers(7, /^worker$/, root);
    assert.deepEqual(view, {
      threads: [
        { tid: 8, comm: "worker", epoll: 9 },
        { tid: 9, comm: "worker", epoll: null },
      ],
      epolls: new Map([[9, new Set([50, 7])]]),
    });
  });

  it("says why when the process is gone", () => {
    assert.deepEqual(readWorkers(8, /^worker$/, root), { why: "its process is gone" });
  });
});
