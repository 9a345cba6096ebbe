import assert from "node:assert/strict";
import type { JournalEvent } from "../../journal/events.ts";
import { sawWaits } from "../../testing/evidence.support.ts";
import { condition, event, fixture } from "../../testing/record-fixture.support.ts";
import { noCrash } from "./no-crash.ts";

describe("no-crash", () => {
  const check = (...events: Parameters<typeof fixture>[0] & {}) => noCrash.check(fixture(events));

  it("is green on a healthy run and on other log lines", () => {
    assert.equal(check(event("log", 20_000, { rule: "full-resync" })).valid, true);
  });

  it("finds an exit that nobody asked for, and names the signal", () => {
    const result = check(event("container", 20_000, { exitCode: 139 }));
    assert.equal(result.valid, false);
    assert.equal(result.findings[0]?.class, "exit");
    assert.match(result.findings[0]?.summary ?? "", /exit code 139 \(SIGSEGV\)/);
    assert.equal(result.findings[0]?.to, null);
  });

  it("tells what it had not answered of commands drawn from its table", () => {
    const lost = (t: number, words: string) => event("command-lost", t, { node: "r1", words, load: "commands" });
    const { findings } = check(
      lost(15_000, "GET long before"),
      event("container", 20_000, { exitCode: 139 }),
      lost(20_010, "XINFO GROUPS s"),
      lost(20_020, "GET k"),
    );
    assert.match(findings[0]?.summary ?? "", /it had not answered: XINFO GROUPS s; GET k\.$/);
    assert.deepEqual(findings[0]?.detail?.waited, ["XINFO GROUPS s", "GET k"]);
  });

  it("finds even an exit with code 0", () => {
    assert.equal(check(event("container", 20_000, { exitCode: 0 })).valid, false);
  });

  it("is green when our own fault ended the process, whatever it logged while dying", () => {
    const logged = event("log", 19_900, {});
    assert.equal(check(logged, event("container", 20_000, { exitCode: 137, ours: true })).valid, true);
    assert.equal(check(event("container", 20_000, { ours: true }), condition(20_100, "r1", "dead")).valid, true);
  });

  it("tells of a server that does not start on the data of another, although a fault of ours had stopped the node", () => {
    const ended = { exitCode: 1, lastLines: ["a setting", "Can't handle RDB format version 11", "Exiting."] };
    const what = { node: "r1", by: "back", before: "valkey:8", image: "redis:7", container: "c2", version: null };
    const own = [
      event("container", 20_000, { exitCode: 0, ours: true }),
      event("container", 20_100, { action: "start", ours: true }),
      event("container", 20_200, { exitCode: 1, ours: true }),
    ];
    const { findings } = check(...own, { type: "server", t: 20_300, digest: null, ...what, ended });
    assert.deepEqual(
      findings.map(({ type, class: kind, node }) => [type, kind, node]),
      [["crash", "not-started", "r1"]],
    );
    assert.match(
      findings[0]?.summary ?? "",
      /^redis:7 does not start on the data of valkey:8: r1 ended with exit code 1/,
    );
    assert.match(findings[0]?.proof ?? "", /RDB format version 11 · Exiting/);
    assert.equal(
      check(...own.slice(0, 2), { type: "server", t: 20_300, digest: null, ...what, ended: null }).valid,
      true,
    );
  });

  describe("of a server that ends when a fault starts it again on its own data", () => {
    const image = "valkey:8";
    const ended = { exitCode: 1, lastLines: ["Unrecoverable error: corrupted cluster config file"] };
    const again = { type: "server" as const, node: "r1", by: "restart-1", before: image, image, container: "c" };
    const start: JournalEvent = { ...again, t: 20_300, digest: null, version: null, ended };
    const own = event("container", 20_200, { exitCode: 1, ours: true });
    const squeezed = (step: "injected" | "healed", t: number): JournalEvent => {
      return { type: "fault", t, id: "squeeze", fault: "memory-limit", step, targets: ["r1"] };
    };

    it("tells once that it does not start", () => {
      const { findings, valid } = check(own, start, { ...start, t: 40_000 });
      assert.deepEqual([valid, findings.length, findings[0]?.class], [false, 1, "not-started"]);
      assert.equal(
        findings[0]?.summary,
        "r1 does not start again on its own data: it ended with exit code 1 before it answered (fault restart-1).",
      );
      assert.match(findings[0]?.proof ?? "", /corrupted cluster config file/);
    });

    it("does not know while another fault holds the node, and does once that is over", () => {
      const held = check(own, squeezed("injected", 10_000), start);
      assert.deepEqual([held.valid, held.findings], ["unknown", []]);
      assert.match(held.why ?? "", /while the fault squeeze held it/);
      assert.equal(check(own, squeezed("injected", 10_000), squeezed("healed", 15_000), start).valid, false);
    });
  });

  it("tells the assertion by which a server ended itself, and not only the signal", () => {
    const line = "1:S 28 Nov 2026 # ==> replication.c:150 'listLength(x) == 0' is not true";
    const fields = { where: "replication.c:150", what: "listLength(x) == 0" };
    const { findings } = check(
      event("log", 19_990, { rule: "failed-assertion", line, fields }),
      event("container", 20_000, { exitCode: 139 }),
    );
    assert.equal(
      findings[0]?.summary,
      'r1 failed the assertion "listLength(x) == 0" (replication.c:150) and ended with exit code 139 (SIGSEGV); no fault of this run asked for it.',
    );
  });

  it("knows a sentinel's crash by the rules of its own program, whatever the servers are", () => {
    const node = { container: "c", digest: null, ports: {}, version: null };
    const nodes = [
      { ...node, name: "m1", role: "master" as const, image: "apache/kvrocks:2.9.0" },
      { ...node, name: "s1", role: "sentinel" as const, image: "redis:7.0.15" },
    ];
    const log = (name: string) => event("log", 19_900, { node: name, rule: "bug-report" });
    const of = (name: string) => noCrash.check(fixture([{ type: "cluster", t: 500, nodes, links: [] }, log(name)]));
    assert.deepEqual(
      of("s1").findings.map(({ node: who, class: kind }) => [who, kind]),
      [["s1", "crash-log"]],
    );
    assert.equal(of("m1").valid, true);
  });

  it("makes one finding of one crash's log lines and exit", () => {
    const result = check(
      event("log", 19_900, {}),
      event("log", 19_910, { rule: "crashed-by-signal", line: "crashed by signal: 11" }),
      event("container", 20_000, { exitCode: 139 }),
      event("log", 20_050, { rule: "assertion" }),
      condition(20_100, "r1", "dead"),
    );
    assert.equal(result.findings.length, 1);
    assert.equal(result.findings[0]?.class, "exit");
    assert.equal((result.findings[0]?.detail?.lines as string[] | undefined)?.length, 3);
  });

  it("makes two findings of two crashes of one node", () => {
    const result = check(
      event("container", 20_000, { exitCode: 139 }),
      event("container", 21_000, { action: "start" }),
      event("log", 22_000, {}),
      event("container", 22_100, { exitCode: 139 }),
    );
    assert.deepEqual(
      result.findings.map((finding) => [finding.from, finding.to]),
      [
        [20_000, 21_000],
        [22_000, null],
      ],
    );
  });

  it("calls a death for lack of memory oom-killed", () => {
    const result = check(event("container", 19_990, { action: "oom" }), event("container", 20_000, { exitCode: 137 }));
    assert.deepEqual(
      result.findings.map((finding) => finding.class),
      ["oom-killed"],
    );
  });

  it("finds a crash report of a process that went on; its heading proves nothing", () => {
    const result = check(event("log", 20_000, {}));
    assert.deepEqual([result.findings[0]?.class, result.findings[0]?.proof], ["crash-log", null]);
  });

  describe("proves it", () => {
    const line = (t: number, rule: string, text: string) => event("log", t, { rule, line: text });
    const HEADING = line(19_900, "bug-report", "=== REDIS BUG REPORT START");
    const FAILED = [
      line(19_901, "assertion", "# === ASSERTION FAILED ==="),
      line(19_902, "failed-assertion", "# ==> debug.c:498 '1 == 2' is not true"),
    ];
    const SIGNAL = line(19_903, "crashed-by-signal", "# Redis 7.0.15 crashed by signal: 11");
    const EXIT = event("container", 20_000, { exitCode: 139 });
    const LAST = { reason: "dead", data: { ...sawWaits(null), lastLines: ["Fast memory test PASSED"] } };
    const proof = (...events: JournalEvent[]) => check(...events).findings[0]?.proof;

    it("by the failed assertion before anything else", () => {
      assert.equal(proof(HEADING, SIGNAL, ...FAILED, EXIT), "# ==> debug.c:498 '1 == 2' is not true");
    });

    it("by the line that names the signal, with the exit", () => {
      const signal = "# Redis 7.0.15 crashed by signal: 11";
      assert.equal(
        proof(HEADING, SIGNAL, EXIT),
        `${signal} · The container's process ended with exit code 139 (SIGSEGV).`,
      );
      assert.equal(proof(HEADING, SIGNAL), signal);
    });

    it("by another cause in the log, before its last words", () => {
      const memory = "# Out Of Memory allocating 7 bytes";
      assert.equal(
        proof(HEADING, line(19_905, "out-of-memory", memory), EXIT, event("evidence", 20_100, LAST)),
        memory,
      );
    });

    it("by nothing but the exit where the log has only headings", () => {
      const ended = "The container's process ended with exit code 139 (SIGSEGV).";
      assert.equal(proof(HEADING, EXIT, event("evidence", 20_100, LAST)), ended);
      assert.equal(proof(EXIT, event("evidence", 20_100, LAST)), `${ended} Its last words: Fast memory test PASSED`);
    });
  });

  it("finds a vanished process that no container event told of", () => {
    assert.equal(check(condition(20_000, "r1", "dead")).findings[0]?.class, "process-gone");
  });

  it("ignores exits during teardown", () => {
    assert.equal(check(event("container", 58_500, { exitCode: 137 })).valid, true);
  });

  it("does not know when the control server ended by itself", () => {
    assert.equal(check(event("container", 20_000, { node: "c0", exitCode: 1 })).valid, "unknown");
  });
});
