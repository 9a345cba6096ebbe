import assert from "node:assert/strict";
import type { EventOf } from "../journal/events.ts";
import { condition, event, fixture } from "../testing/record-fixture.support.ts";
import { noCrash } from "./crash/no-crash.ts";
import { noHang } from "./hang/no-hang.ts";

type Told = EventOf<"raw-bytes">;

const told = (t: number, more: Partial<Told>): Told => ({
  ...{ type: "raw-bytes", t, id: "bytes#1", node: "m1", link: null, step: "suspected", fate: "ended", at: 19_990 },
  ...{ name: "lone-crlf", sent: "\\r\\n", files: ["evidence/bytes-1-sent.bytes"] },
  ...more,
});
const shrunk = { step: "shrunk", shortest: "\\r", length: 1, exact: true, tries: 3 } as const;

describe("bytes before a crash or a hang", () => {
  const died = event("container", 20_000, { node: "m1", exitCode: 139 });

  it("are named by the crash, with the shortest prefix and the files", () => {
    const kept = ["evidence/bytes-1-shortest.bytes"];
    const [crash] = noCrash.check(fixture([died, told(20_100, {}), told(30_000, { ...shrunk, files: kept })])).findings;
    assert.match(
      crash?.summary ?? "",
      /The fault bytes#1 had just sent it "\\r\\n" \(lone-crlf\)\. Started anew, it ended again after "\\r" \(1 byte; no shorter prefix does it; 3 tries\)\./,
    );
    assert.deepEqual(crash?.evidence.slice(-2), ["evidence/bytes-1-sent.bytes", ...kept]);
  });

  it("are not blamed for what came again without them, or long after them", () => {
    const again = told(30_000, { ...shrunk, shortest: null });
    assert.match(
      noCrash.check(fixture([died, told(20_100, {}), again])).findings[0]?.summary ?? "",
      /Started anew, 3 times, it did not do so again/,
    );
    const late = event("container", 35_000, { node: "m1", exitCode: 139 });
    assert.doesNotMatch(noCrash.check(fixture([late, told(20_100, {})])).findings[0]?.summary ?? "", /bytes#1/);
  });

  it("make a hang of a silence that came again, although the server was started anew; else a doubt", () => {
    const silent = { fate: "silent" } as const;
    const record = [condition(25_000, "m1", "unresponsive"), told(30_000, silent)];
    const found = noHang.check(
      fixture([...record, told(33_000, { ...silent, ...shrunk }), condition(34_000, "m1", "healthy")]),
    );
    assert.deepEqual(
      found.findings.map(({ class: kind, from, to }) => [kind, from, to]),
      [["unresponsive", 19_990, 33_000]],
    );
    assert.match(found.findings[0]?.summary ?? "", /left others without an answer for 10s, until it was started anew/);
    const doubt = noHang.check(fixture([told(30_000, silent), told(33_000, { ...silent, ...shrunk, shortest: null })]));
    assert.equal(doubt.valid, "unknown");
  });
});
