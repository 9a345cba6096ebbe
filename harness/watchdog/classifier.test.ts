import assert from "node:assert/strict";
import { type Change, play, processOf, type Script, threadOf } from "../testing/simulated-node.support.ts";
import type { ProbeKind } from "./observation.ts";

const HANG = 1000;
const conditions = (changes: readonly Change[]) => changes.map(({ condition }) => condition);
const last = (changes: readonly Change[]) => changes.at(-1) as Change;
/** Nobody answers questions whose answer would come between the two times; those outstanding are answered at `to`. */
const silentBetween = (from: number, to: number | null) => (_: number, askedAt: number) => {
  if (askedAt + 2 < from || (to !== null && askedAt >= to)) return askedAt + 2;
  return to === null ? null : to + 1;
};
const threads = (t: number, cores: number, stopsAt?: number) => [threadOf(100, t, cores, stopsAt), threadOf(101, 0, 0)];

describe("node classifier", () => {
  it("calls a node healthy once every established connection was answered", () => {
    assert.deepEqual(conditions(play({ until: 3000 })), ["unknown", "healthy"]);
    const oneNever = play({ until: 500, answeredAt: (connection, askedAt) => (connection === 2 ? null : askedAt + 2) });
    assert.deepEqual(conditions(oneNever), ["unknown"]);
  });

  describe("nobody answers", () => {
    const silent: Script = { until: 4000, answeredAt: silentBetween(2000, null) };

    it("is deadlocked when nothing runs, since the first unanswered question", () => {
      const change = last(play({ ...silent, process: (t) => processOf(t, threads(t, 0.2, 2000)) }));
      assert.equal(change.condition, "deadlocked");
      assert.ok(Math.abs(change.since - 2000) <= 100, `since ${change.since}`);
      assert.ok(change.t >= change.since + HANG && change.t <= change.since + HANG + 200, `confirmed at ${change.t}`);
      assert.equal(change.silent, 4);
      assert.equal(change.of, 4);
      assert.match(change.why, /no answer on 4 of 4 connections.*0\.00 cores.*1 of 1 threads that answered/);
    });

    it("is livelocked when the answering thread burns CPU", () => {
      const change = last(play({ ...silent, process: (t) => processOf(t, threads(t, 1)) }));
      assert.equal(change.condition, "livelocked");
    });

    it("is unresponsive when the answering thread goes on turning on hardly any CPU: clients held back, a retry loop", () => {
      for (const cores of [0.001, 0.01, 0.3]) {
        const change = last(play({ ...silent, process: (t) => processOf(t, threads(t, cores)) }));
        assert.equal(change.condition, "unresponsive", `${cores} cores`);
        assert.match(change.why, /cores used.*0 of 1 threads that answered while healthy did not move/);
      }
    });

    it("is livelocked when the answering thread always wants a CPU and others leave it little of it", () => {
      const waiting = (share: number) => (t: number) =>
        processOf(t, [{ ...threadOf(100, t, 0.15), waitMs: t * share }, threadOf(101, 0, 0)]);
      assert.equal(last(play({ ...silent, process: waiting(0.8) })).condition, "livelocked");
      assert.equal(last(play({ ...silent, process: waiting(0.2) })).condition, "unresponsive");
      const idle = (t: number) => processOf(t, [{ ...threadOf(100, t, 0.01), waitMs: t * 0.9 }, threadOf(101, 0, 0)]);
      assert.equal(last(play({ ...silent, process: idle })).condition, "unresponsive");
    });

    it("stays unresponsive until somebody is answered, and is healthy when all are", () => {
      const process = (t: number) => processOf(t, threads(t, 0.01));
      const changes = play({ ...silent, until: 8000, answeredAt: silentBetween(2000, 6000), process });
      assert.deepEqual(conditions(changes), ["unknown", "healthy", "unresponsive", "healthy"]);
    });

    it("is deadlocked when the threads that move serve INFO, which still answers", () => {
      const kinds = ["established", "established", "admin"] as const;
      const answeredAt = (connection: number, askedAt: number) =>
        connection < 2 && askedAt > 2000 ? null : askedAt + 2;
      const serving = (t: number, cores: number) =>
        processOf(
          t,
          [1, 2].map((n) => threadOf(100 + n, t, cores)),
        );
      const idle = last(play({ until: 4000, kinds, answeredAt, process: (t) => serving(t, 0.01) }));
      assert.equal(idle.condition, "deadlocked");
      assert.match(idle.why, /no answer on 2 of 3 connections.*INFO still answers/);
      assert.equal(
        last(play({ until: 4000, kinds, answeredAt, process: (t) => serving(t, 0.3) })).condition,
        "livelocked",
      );
      const some = last(play({ until: 4000, kinds, answeredAt, process: (t) => serving(t, 0.1) }));
      assert.equal(some.condition, "unresponsive");
    });

    it("stays deadlocked when the server closes the connections that wait, and those opened anew get no answer", () => {
      const refused = (t: number) => t === 5100 || t === 9100;
      const changes = play({ ...silent, until: 12_000, slowAfter: 50, refused });
      assert.deepEqual(conditions(changes), ["unknown", "healthy", "deadlocked"]);
    });

    it("is deadlocked when only a background thread burns CPU", () => {
      const busy = (t: number) => threadOf(101, Math.max(0, t - 2000), 1);
      const process = (t: number) => processOf(t, [threadOf(100, t, 0.2, 2000), busy(t)]);
      assert.equal(last(play({ ...silent, process })).condition, "deadlocked");
    });

    it("is deadlocked between 5 % and 50 % when most answering threads are frozen", () => {
      const workers = (t: number) => [1, 2, 3].map((n) => threadOf(100 + n, t, 0.1, 2000));
      const cron = (t: number) => threadOf(110, t, 0.2);
      const process = (t: number) => processOf(t, [...workers(t), cron(t)]);
      assert.equal(last(play({ ...silent, process })).condition, "deadlocked");
      const most = (t: number) =>
        processOf(t, [threadOf(101, t, 0.1, 2000), ...[2, 3].map((n) => threadOf(100 + n, t, 0.1))]);
      assert.equal(last(play({ ...silent, process: most })).condition, "unresponsive");
    });

    it("judges by the main thread when the node was never healthy", () => {
      const never = { ...silent, answeredAt: () => null };
      assert.equal(last(play({ ...never, process: (t) => processOf(t, threads(t, 1)) })).condition, "livelocked");
      assert.equal(last(play({ ...never, process: (t) => processOf(t, threads(t, 0, 0)) })).condition, "deadlocked");
    });

    it("says so when there is no /proc", () => {
      const change = last(play(silent));
      assert.equal(change.condition, "deadlocked");
      assert.match(change.why, /no readings of its process/);
    });

    it("mentions a process that somebody else stopped", () => {
      const stopped = (t: number) => processOf(t, threads(t, 0.2, 2000), { state: t > 2000 ? "T" : "S" });
      assert.match(last(play({ ...silent, process: stopped })).why, /state is T \(stopped\)/);
      const container = () => ({ running: true, paused: true, exitCode: null });
      assert.match(last(play({ ...silent, container })).why, /paused, not by this run/);
    });

    it("is a hang although INFO answers: the data path decides", () => {
      const kinds: ProbeKind[] = ["established", "established", "admin"];
      const answeredAt = (connection: number, askedAt: number) =>
        connection === 2 ? askedAt + 2 : silentBetween(2000, null)(connection, askedAt);
      const change = last(play({ ...silent, kinds, answeredAt }));
      assert.equal(change.condition, "deadlocked");
      assert.equal(change.silent, 2);
    });

    it("is a hang when connections are refused although the process runs", () => {
      const change = last(play({ until: 4000, refused: (t) => t > 2000 }));
      assert.equal(change.condition, "deadlocked");
      assert.match(change.why, /ECONNREFUSED/);
    });

    it("never passes through partial, neither falling silent nor coming back", () => {
      for (const offset of [0, 1, 2, 3, 50]) {
        const from = 2000 + offset;
        const trickle = (connection: number, askedAt: number) => {
          const at = silentBetween(from, 5000)(connection, askedAt);
          return at === 5001 ? 5001 + connection * 100 : at;
        };
        const seen = conditions(play({ until: 8000, answeredAt: trickle }));
        assert.deepEqual(seen, ["unknown", "healthy", "deadlocked", "healthy"], `falling silent at ${from}`);
      }
    });

    it("is not partial when one connection fell silent a moment before the others", () => {
      const answeredAt = (connection: number, askedAt: number) =>
        silentBetween(connection === 0 ? 2000 : 2350, null)(connection, askedAt);
      const changes = play({ until: 5000, answeredAt });
      assert.deepEqual(conditions(changes), ["unknown", "healthy", "deadlocked"]);
    });

    it("begins with the first unanswered question of the data path, not of INFO", () => {
      const kinds: ProbeKind[] = ["established", "established", "admin"];
      const answeredAt = (connection: number, askedAt: number) =>
        silentBetween(connection === 2 ? 1500 : 2000, null)(connection, askedAt);
      const { since } = last(play({ until: 5000, kinds, answeredAt }));
      assert.ok(since >= 1900, `since ${since}`);
    });

    it("knows the answering threads from before the hang's first moments", () => {
      // The last reading before anybody is suspicious shows only the background thread running.
      const process = (t: number) => processOf(t, [threadOf(100, t, 0.2, 2000), threadOf(101, t, 0.2)]);
      const change = last(play({ until: 5000, answeredAt: silentBetween(2100, null), process }));
      assert.equal(change.condition, "deadlocked");
    });

    it("is healthy again only when all connections answered", () => {
      const answeredAt = (connection: number, askedAt: number) =>
        connection === 3
          ? silentBetween(2000, null)(connection, askedAt)
          : silentBetween(2000, 5000)(connection, askedAt);
      const changes = play({ until: 9000, answeredAt });
      assert.deepEqual(conditions(changes), ["unknown", "healthy", "deadlocked", "partial"]);
      assert.equal(last(changes).silent, 1);
    });

    it("is not a hang before hangAfter", () => {
      const changes = play({ until: 6000, answeredAt: silentBetween(2000, 2900) });
      assert.deepEqual(conditions(changes), ["unknown", "healthy"]);
    });
  });

  describe("some answer, some do not", () => {
    const oneSilent = (silent: number) => (connection: number, askedAt: number) =>
      connection === silent && askedAt >= 2000 ? null : askedAt + 2;

    it("is partial, and names the silent connections", () => {
      const change = last(play({ until: 5000, answeredAt: oneSilent(2) }));
      assert.equal(change.condition, "partial");
      assert.equal(change.silent, 1);
      assert.equal(change.of, 4);
      assert.ok(Math.abs(change.since - 2000) <= 110, `since ${change.since}`);
      assert.match(change.why, /1 of 4 connections \(1 established; numbers 2\)/);
    });

    for (const kind of ["write", "read", "admin", "fresh"] as const) {
      it(`is partial when only the ${kind} probe gets no answer`, () => {
        const kinds: ProbeKind[] = ["established", "established", kind];
        assert.equal(last(play({ until: 5000, kinds, answeredAt: oneSilent(2) })).condition, "partial");
      });
    }

    it("is not partial when one connection cannot be opened: that may be the path", () => {
      const connecting = (connection: number, t: number) => connection === 2 && t > 2000;
      assert.deepEqual(conditions(play({ until: 5000, answeredAt: oneSilent(2), connecting })), ["unknown", "healthy"]);
    });

    it("is partial when no fresh connection can be opened", () => {
      const kinds: ProbeKind[] = ["established", "established", "fresh"];
      const connecting = (connection: number, t: number) => connection === 2 && t > 2000;
      assert.equal(last(play({ until: 5000, kinds, answeredAt: oneSilent(2), connecting })).condition, "partial");
    });

    describe("on a server with several threads", () => {
      const kinds: ProbeKind[] = ["established", "established", "established", "established", "write"];
      const on = (...threads: string[]) => ({
        workers: 4,
        placed: new Map(threads.map((worker, n) => [n, { localPort: 40_000 + n, worker }])),
      });
      const silentOnes =
        (...numbers: number[]) =>
        (connection: number, askedAt: number) =>
          numbers.includes(connection) && askedAt >= 2000 ? null : askedAt + 2;

      it("names the thread of which every connection is silent, and how many answer", () => {
        const workers = on("worker 1", "worker 2", "worker 2", "worker 3", "worker 1");
        const change = last(play({ until: 5000, kinds, workers, answeredAt: silentOnes(1, 2) }));
        assert.deepEqual(change.workers, { of: 4, answering: 2, silent: ["worker 2"] });
        assert.match(change.why, /; 2 of 4 workers answer; silent: worker 2$/);
      });

      it("accuses no thread that answers another connection", () => {
        const workers = on("worker 1", "worker 2", "worker 2", "worker 3", "worker 4");
        const change = last(play({ until: 5000, kinds, workers, answeredAt: silentOnes(1) }));
        assert.deepEqual(change.workers, { of: 4, answering: 4, silent: [] });
        assert.match(change.why, /; 4 of 4 workers answer$/);
      });

      it("does not know where a connection lies that was opened again", () => {
        const workers = on("worker 1", "worker 2");
        for (const place of workers.placed.values()) place.localPort += 1;
        const change = last(play({ until: 5000, kinds, workers, answeredAt: silentOnes(1) }));
        assert.equal(change.condition, "partial");
        assert.equal(change.workers, undefined);
      });
    });

    it("ends when the silent one answers", () => {
      const answeredAt = (connection: number, askedAt: number) =>
        connection === 1 ? silentBetween(2000, 5000)(connection, askedAt) : askedAt + 2;
      const changes = play({ until: 7000, answeredAt });
      assert.deepEqual(conditions(changes), ["unknown", "healthy", "partial", "healthy"]);
    });

    it("becomes a total hang when the others fall silent too", () => {
      const answeredAt = (connection: number, askedAt: number) =>
        connection === 1 ? oneSilent(1)(connection, askedAt) : silentBetween(5000, null)(connection, askedAt);
      assert.deepEqual(conditions(play({ until: 8000, answeredAt })), ["unknown", "healthy", "partial", "deadlocked"]);
    });
  });

  describe("held by our own fault", () => {
    const held =
      (from: number, to: number, as: "paused" | "down" = "paused") =>
      (t: number) =>
        t >= from && t < to ? as : null;

    it("is paused, never a hang, and healthy after release", () => {
      const changes = play({ until: 9000, answeredAt: silentBetween(2000, 6000), claimed: held(2000, 6000) });
      assert.deepEqual(conditions(changes), ["unknown", "healthy", "paused", "healthy"]);
    });

    it("has hangAfter to answer once released, then it is a hang since the release", () => {
      const changes = play({ until: 9000, answeredAt: silentBetween(2000, null), claimed: held(2000, 6000) });
      assert.deepEqual(conditions(changes), ["unknown", "healthy", "paused", "deadlocked"]);
      assert.ok(last(changes).t >= 6900 && last(changes).t <= 7200, `confirmed at ${last(changes).t}`);
      assert.ok(last(changes).since >= 5900, `since ${last(changes).since}`);
    });

    it("is down while killed by us, and not dead right after the restart", () => {
      const changes = play({
        until: 9000,
        refused: (t) => t > 2000 && t < 6500,
        claimed: held(2000, 6000, "down"),
        container: (t) => ({ running: t < 2000 || t > 6300, paused: false, exitCode: t < 2000 ? null : 137 }),
      });
      assert.deepEqual(conditions(changes), ["unknown", "healthy", "down", "healthy"]);
    });

    it("is dead when it does not come back after release", () => {
      const changes = play({
        until: 9000,
        refused: (t) => t > 2000,
        claimed: held(2000, 6000, "down"),
        container: (t) => ({ running: t < 2000, paused: false, exitCode: 1 }),
      });
      assert.deepEqual(conditions(changes), ["unknown", "healthy", "down", "dead"]);
      assert.match(last(changes).why, /exit code 1/);
    });
  });

  describe("process gone", () => {
    it("is dead at once, with the exit code", () => {
      const change = last(
        play({
          until: 4000,
          refused: (t) => t > 2000,
          container: (t) => ({ running: t <= 2000, paused: false, exitCode: t <= 2000 ? null : 139 }),
        }),
      );
      assert.equal(change.condition, "dead");
      assert.ok(change.t <= 2200, `at ${change.t}`);
      assert.match(change.why, /exit code 139/);
    });

    it("is dead when the process vanished inside a running container", () => {
      const process = (t: number) => processOf(t, [], t <= 2000 ? {} : { alive: false });
      const change = last(play({ until: 5000, refused: (t) => t > 2000, process }));
      assert.equal(change.condition, "dead");
      assert.match(change.why, /process is gone although/);
    });

    it("is not dead while it answers, whatever an old reading says", () => {
      const process = (t: number) => processOf(t, [], { alive: t < 1000 });
      assert.deepEqual(conditions(play({ until: 5000, process })), ["unknown", "healthy"]);
    });
  });

  describe("restoring", () => {
    const loading: Script = { until: 20_000, error: (_, at) => (at > 2000 ? "LOADING" : null) };

    it("is restoring while it answers LOADING and memory or files grow", () => {
      const process = (t: number) => processOf(t, threads(t, 1), { rssBytes: 50e6 + t * 10_000 });
      assert.deepEqual(conditions(play({ ...loading, process })), ["unknown", "healthy", "restoring"]);
    });

    it("is restoring while INFO tells progress", () => {
      const state = (t: number) => ({ syncProgress: t / 30_000 });
      assert.deepEqual(conditions(play({ ...loading, state })), ["unknown", "healthy", "restoring"]);
    });

    it("is a hang of its own after ten times hangAfter without progress; the CPU says which", () => {
      const stuck = (cores: number) => last(play({ ...loading, process: (t) => processOf(t, threads(t, cores)) }));
      assert.equal(stuck(1).condition, "livelocked");
      assert.equal(stuck(0).condition, "deadlocked");
      assert.ok(stuck(0).t >= 12_000);
      assert.match(stuck(0).why, /only -LOADING/);
    });

    it("is healthy when the data is there", () => {
      const error = (_: number, at: number) => (at > 2000 && at < 5000 ? "LOADING" : null);
      assert.deepEqual(conditions(play({ until: 7000, error })), ["unknown", "healthy", "restoring", "healthy"]);
    });
  });

  it("is livelocked when every command is refused with BUSY", () => {
    const changes = play({ until: 6000, error: (_, at) => (at > 2000 && at < 4500 ? "BUSY" : null) });
    assert.deepEqual(conditions(changes), ["unknown", "healthy", "livelocked", "healthy"]);
  });

  it("takes other error replies as answers", () => {
    assert.deepEqual(conditions(play({ until: 6000, error: () => "READONLY" })), ["unknown", "healthy"]);
  });

  describe("slow", () => {
    const slow = (connection: number, askedAt: number) =>
      askedAt + (askedAt > 3000 && askedAt < 12_000 ? 400 : 2) + connection;

    it("is slow when the median stays over the bound for hangAfter, and healthy afterwards", () => {
      const changes = play({ until: 20_000, answeredAt: slow });
      assert.deepEqual(conditions(changes), ["unknown", "healthy", "slow", "healthy"]);
      assert.match(changes[2]?.why ?? "", /bound 200 ms/);
    });

    it("is not slow before calibration, nor for a short while", () => {
      assert.deepEqual(conditions(play({ until: 9000, answeredAt: slow, slowAfter: null })), ["unknown", "healthy"]);
      const blip = (_: number, askedAt: number) => askedAt + (askedAt > 3000 && askedAt < 3500 ? 400 : 2);
      assert.deepEqual(conditions(play({ until: 9000, answeredAt: blip })), ["unknown", "healthy"]);
    });

    it("is not slow for what was asked while it hung, although one connection needs a little longer", () => {
      const answeredAt = (connection: number, askedAt: number) => {
        if (askedAt < 3000 || askedAt >= 7000) return askedAt + 2;
        return connection === 3 ? 7150 : 6990;
      };
      const changes = play({ until: 12_000, answeredAt });
      assert.deepEqual(conditions(changes), ["unknown", "healthy", "deadlocked", "healthy"]);
    });

    it("is slow, not hung, when answers take just less than hangAfter", () => {
      const answeredAt = (_: number, askedAt: number) => askedAt + (askedAt > 3000 ? 900 : 2);
      assert.deepEqual(conditions(play({ until: 12_000, answeredAt })), ["unknown", "healthy", "slow"]);
    });
  });

  describe("stalled", () => {
    const moving = (t: number) => ({ name: "m1", available: true, offset: t });
    const replica = { role: "replica", link: "up" } as const;
    const frozen = (t: number) => ({ ...replica, offset: Math.min(t, 3000) });

    it("is stalled when the master moves and the replica does not for stallAfter", () => {
      const changes = play({ until: 9000, state: frozen, master: moving });
      assert.deepEqual(conditions(changes), ["unknown", "healthy", "stalled"]);
      assert.ok(last(changes).t >= 3000 + 3000 && last(changes).t <= 7500, `at ${last(changes).t}`);
      assert.match(last(changes).why, /stays at 3000 \(link up\).*master m1 moved to/);
    });

    it("is stalled when the link is down and the master moves", () => {
      const state = (t: number) =>
        t < 3000 ? { ...replica, offset: t } : { ...replica, link: "down" as const, offset: 3000 };
      assert.match(last(play({ until: 9000, state, master: moving })).why, /link down/);
      const unknown = () => ({ ...replica, link: "down" as const, offset: null });
      assert.equal(last(play({ until: 9000, state: unknown, master: moving })).condition, "stalled");
    });

    it("is healthy again when it moves", () => {
      const state = (t: number) => ({ ...replica, offset: t < 3000 || t > 8000 ? t : 3000 });
      const changes = play({ until: 10_000, state, master: moving });
      assert.deepEqual(conditions(changes), ["unknown", "healthy", "stalled", "healthy"]);
    });

    it("is not stalled any more when it begins to call itself a master", () => {
      const state = (t: number) => (t < 8000 ? frozen(t) : { role: "master" as const, offset: 3000 });
      const changes = play({ until: 20_000, state, master: moving });
      assert.deepEqual(conditions(changes), ["unknown", "healthy", "stalled", "healthy"]);
    });

    const never: [string, Script][] = [
      [
        "it says that it is a master itself",
        { until: 20_000, state: (t) => ({ role: t < 3000 ? "replica" : "master", offset: 5 }), master: moving },
      ],
      [
        "both stand still",
        { until: 20_000, state: () => ({ ...replica, offset: 5 }), master: () => ({ ...moving(9), offset: 9 }) },
      ],
      [
        "one write comes after a long idle time",
        {
          until: 20_000,
          state: (t) => ({ ...replica, offset: t > 15_400 ? 6 : 5 }),
          master: (t) => ({ ...moving(t), offset: t > 14_900 ? 6 : 5 }),
        },
      ],
      [
        "its INFO came before its master's and both stand still again",
        {
          until: 20_000,
          state: (t) => ({ ...replica, offset: t > 14_900 ? 6 : 5 }),
          master: (t) => ({ ...moving(t), offset: t > 15_400 ? 6 : 5 }),
        },
      ],
      [
        "the master does not answer",
        { until: 20_000, state: frozen, master: (t) => ({ ...moving(t), available: false }) },
      ],
      ["it has no master", { until: 20_000, state: frozen, master: () => null }],
      [
        "a full sync progresses",
        {
          until: 20_000,
          state: (t) => ({ ...frozen(t), syncing: true, link: "down", syncProgress: t / 20_000 }),
          master: moving,
        },
      ],
      [
        "a full sync receives bytes",
        {
          until: 20_000,
          state: (t) => ({ ...frozen(t), syncing: true, link: "down" }),
          master: moving,
          process: (t) => processOf(t, threads(t, 0.3), { ioBytes: t * 2000 }),
        },
      ],
      [
        "we hold it",
        { until: 5900, state: frozen, master: moving, claimed: (t) => (t > 3000 && t < 5000 ? "paused" : null) },
      ],
    ];
    for (const [why, script] of never) {
      it(`is not stalled when ${why}`, () => {
        assert.ok(!conditions(play(script)).includes("stalled"));
      });
    }

    it("is stalled when a full sync makes no progress", () => {
      const state = (t: number) => ({ ...frozen(t), syncing: true, link: "down" as const });
      assert.match(last(play({ until: 9000, state, master: moving })).why, /full sync without progress/);
    });
  });

  describe("starved", () => {
    it("is starved, not hung, while the harness itself could not hear", () => {
      const starved = (t: number) => (t < 2000 ? [] : [{ from: 2000, to: Math.min(t, 5000) }]);
      const changes = play({ until: 8000, answeredAt: silentBetween(2000, 5000), starved });
      assert.deepEqual(conditions(changes), ["unknown", "healthy", "starved", "healthy"]);
    });

    it("is a hang once it was silent for hangAfter of unstarved time", () => {
      const starved = (t: number) => (t < 2000 ? [] : [{ from: 2000, to: Math.min(t, 3500) }]);
      const changes = play({ until: 8000, answeredAt: silentBetween(2000, null), starved });
      assert.deepEqual(conditions(changes), ["unknown", "healthy", "starved", "deadlocked"]);
      assert.ok(last(changes).t >= 4500, `at ${last(changes).t}`);
    });

    it("keeps a confirmed hang when starvation comes later", () => {
      const starved = (t: number) => (t < 4000 ? [] : [{ from: 3000, to: t }]);
      const changes = play({ until: 8000, answeredAt: silentBetween(2000, null), starved });
      assert.deepEqual(conditions(changes), ["unknown", "healthy", "deadlocked"]);
    });

    it("stays a partial hang when the others could not be heard, and is a hang of all after hangAfter of unstarved time", () => {
      const starved = (t: number) => (t < 4000 ? [] : [{ from: 4000, to: Math.min(t, 6000) }]);
      const some = (connection: number, askedAt: number, to: number | null) =>
        connection === 0 ? silentBetween(1500, null)(0, askedAt) : silentBetween(4000, to)(0, askedAt);
      const back = play({ until: 9000, answeredAt: (number, askedAt) => some(number, askedAt, 6000), starved });
      assert.deepEqual(conditions(back), ["unknown", "healthy", "partial"]);
      const gone = play({ until: 9000, answeredAt: (number, askedAt) => some(number, askedAt, null), starved });
      assert.deepEqual(conditions(gone), ["unknown", "healthy", "partial", "deadlocked"]);
      assert.ok(last(gone).t >= 7000, `at ${last(gone).t}`);
    });

    it("does not call a starved node slow or stalled", () => {
      const starved = (t: number) => [{ from: 2000, to: t }];
      const answeredAt = (_: number, askedAt: number) => askedAt + (askedAt > 3000 ? 400 : 2);
      const changes = play({
        until: 12_000,
        answeredAt,
        starved,
        state: () => ({ role: "replica", link: "up", offset: 1 }),
        master: (t) => ({ name: "m1", available: true, offset: t }),
      });
      assert.deepEqual(conditions(changes), ["unknown", "healthy"]);
    });
  });
});
