import assert from "node:assert/strict";
import { nodeReport } from "../testing/simulated-node.support.ts";
import { type ClassesTold, CommandClasses } from "./command-classes.ts";
import type { NodeReport, ProbeKind } from "./observation.ts";

/** Kind → when it last answered (null: never), and since when a question of it waits (null: none). */
type Moment = Partial<Record<ProbeKind, { answered?: number | null; waits?: number | null; lost?: number }>>;

function reportOf(moment: Moment): NodeReport {
  const all = Object.entries(moment) as [ProbeKind, NonNullable<Moment[ProbeKind]>][];
  return nodeReport({
    connections: all.map(([kind, { answered = null, waits = null }], number) => {
      return { number, kind, localPort: 1, link: "open", askedAt: waits, answeredAt: answered };
    }),
    answers: all.flatMap(([kind, { answered }], number) => {
      return typeof answered === "number"
        ? [{ number, kind, askedAt: answered - 1, answeredAt: answered, error: null }]
        : [];
    }),
    losses: all.flatMap(([kind, { lost }], number) => {
      return lost === undefined ? [] : [{ number, kind, at: lost, reason: "ECONNREFUSED", waited: 1 }];
    }),
  });
}

/** What is said at `t` of a hang that was confirmed at 10 s. */
function told(t: number, moment: Moment, poll = 1000): ClassesTold | null {
  const classes = new CommandClasses(["INFO", "REPLICATION"], poll, []);
  classes.judged(true, 10_000);
  classes.hear(reportOf(moment));
  return classes.tell(t);
}

describe("classes of command that a hanging node still answers", () => {
  const pika: Moment = {
    established: { answered: 4000, waits: 5000 },
    read: { answered: 4500, waits: 5100 },
    fresh: { waits: 5200 },
    admin: { answered: 12_200 },
    config: { answered: 12_300 },
  };

  it("admin answers are told apart from the data path; what was not asked is left out", () => {
    assert.deepEqual(told(12_500, pika), {
      confirmed: 10_000,
      answering: ["INFO REPLICATION", "CONFIG GET"],
      partly: [],
      silent: ["PING", "GET", "PING on a new connection"],
    });
  });

  it("answers from before the hang was confirmed do not count", () => {
    const before = { ...pika, admin: { answered: 9900, waits: 10_900 }, config: { waits: 11_000 } };
    assert.deepEqual(told(12_500, before)?.answering, []);
  });

  it("connections that are refused are as silent as those that hang", () => {
    assert.deepEqual(told(12_500, { established: { lost: 12_000 } })?.silent, ["PING"]);
  });

  it("an error that serves nobody is not counted as an answer", () => {
    const classes = new CommandClasses(["INFO"], 1000, ["LOADING"]);
    classes.judged(true, 10_000);
    const [info, ping, set] = [
      { kind: "admin", error: null },
      { kind: "established", error: "LOADING" },
      { kind: "write", error: "READONLY" },
    ] as const;
    const answers = [info, ping, set].map((one, number) => ({ ...one, number, askedAt: 12_000, answeredAt: 12_100 }));
    classes.hear({ ...reportOf({}), answers });
    assert.deepEqual(classes.tell(12_500)?.answering, ["INFO", "SET"]);
  });

  it("a class that answers on some connections only is neither", () => {
    const classes = new CommandClasses(["INFO"], 1000, ["LOADING"]);
    classes.judged(true, 10_000);
    const report = reportOf({ established: { answered: 12_400 } });
    report.connections.push({
      number: 9,
      kind: "established",
      localPort: 2,
      link: "open",
      askedAt: 5000,
      answeredAt: 4900,
    });
    classes.hear(report);
    assert.deepEqual(classes.tell(12_500)?.partly, ["PING"]);
  });

  it("says nothing before every class was asked, of a node that does not hang, or twice the same", () => {
    const classes = new CommandClasses(["INFO"], 1000, ["LOADING"]);
    classes.hear(reportOf(pika));
    assert.equal(classes.tell(12_500), null);
    classes.judged(true, 10_000);
    assert.equal(classes.tell(11_000), null);
    assert.notEqual(classes.tell(12_500), null);
    assert.equal(classes.tell(13_500), null);
    classes.hear(reportOf({ ...pika, admin: { answered: 12_200, waits: 13_000 } }));
    assert.ok(classes.tell(16_000)?.silent.includes("INFO"), "INFO stopped: news");
    classes.judged(false, 17_000);
    assert.equal(classes.tell(18_000), null);
  });

  it("gives INFO the time that its polling takes", () => {
    const slow = { admin: { answered: 11_000 } };
    assert.deepEqual(told(60_000, slow, 60_000)?.answering, ["INFO REPLICATION"]);
    assert.deepEqual(told(60_000, slow, 1000)?.answering, []);
  });
});
