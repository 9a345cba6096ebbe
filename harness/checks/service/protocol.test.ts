import assert from "node:assert/strict";
import { event, fixture } from "../../testing/record-fixture.support.ts";
import { protocol } from "./protocol.ts";

describe("protocol", () => {
  const told = (t: number, node: string, command: string | null = "GET") =>
    event("out-of-step", t, { load: "commands", node, text: "a reply to no command came: OK", command });
  const load = event("load", 20_000, {});

  it("is green where every reply had its command", () => {
    assert.equal(protocol.check(fixture([load])).valid, true);
  });

  it("makes one finding of a node and load, however many connections it did so on", () => {
    const { valid, findings } = protocol.check(
      fixture([load, told(20_000, "m1"), told(21_000, "m1", null), told(22_000, "r1", null)]),
    );
    assert.equal(valid, false);
    assert.deepEqual(
      findings.map(({ type, node, from, detail }) => [type, node, from, detail?.count]),
      [
        ["protocol", "m1", 20_000, 2],
        ["protocol", "r1", 22_000, 1],
      ],
    );
    assert.match(
      findings[0]?.summary ?? "",
      /^m1 broke the protocol on a connection of the load commands at GET: a reply to no command/,
    );
    assert.match(findings[1]?.summary ?? "", /load commands: a reply/);
  });

  it("is unknown where no load told anything", () => {
    assert.equal(protocol.check(fixture([], { without: ["load"] })).valid, "unknown");
  });
});
