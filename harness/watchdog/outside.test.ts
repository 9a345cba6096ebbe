import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { play, type Script } from "../testing/simulated-node.support.ts";
import { OurConnections, stoppedHow } from "./outside.ts";

const HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
const line = (port: number, state: string, unsent: number): string => {
  const hex = (value: number, width: number) => value.toString(16).toUpperCase().padStart(width, "0");
  return `   0: 0100007F:${hex(port, 4)} 0100007F:18EB ${state} ${hex(unsent, 8)}:00000000 00:00000000 00000000     0        0 1 1\n`;
};

describe("our connections to servers that are not ours", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "kvchaos-outside-"));
    mkdirSync(join(root, "net"));
    mkdirSync(join(root, "7"));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const table = (...lines: string[]) => writeFileSync(join(root, "net/tcp"), HEAD + lines.join(""));
  const look = (...ports: number[]) => new OurConnections({ now: () => 0 }, root).isUnacknowledged(ports);

  it("are unacknowledged where the other kernel has taken in nothing on any of them", () => {
    table(line(40_001, "01", 14), line(40_002, "02", 0), line(40_003, "01", 0), line(40_004, "06", 14));
    assert.equal(look(40_001, 40_002), true);
    assert.equal(look(40_001, 40_003), false);
    assert.equal(look(40_004), false);
    assert.equal(look(), false);
    assert.equal(look(50_000), false);
  });

  it("are read once a second, however often somebody asks", () => {
    let now = 0;
    const ours = new OurConnections({ now: () => now }, root);
    table(line(40_001, "01", 14));
    assert.equal(ours.isUnacknowledged([40_001]), true);
    table(line(40_001, "01", 0));
    now = 900;
    assert.equal(ours.isUnacknowledged([40_001]), true);
    now = 1_000;
    assert.equal(ours.isUnacknowledged([40_001]), false);
  });

  it("lead to a process that somebody holds, or to one that nobody does", () => {
    const status = (state: string) => writeFileSync(join(root, "7/status"), `Name:\tredis\nState:\t${state}\n`);
    status("T (stopped)");
    assert.match(stoppedHow(7, root) ?? "", /SIGSTOP/);
    status("S (sleeping)");
    writeFileSync(join(root, "7/wchan"), "do_epoll_wait");
    assert.equal(stoppedHow(7, root), null);
    writeFileSync(join(root, "7/wchan"), "__refrigerator");
    assert.match(stoppedHow(7, root) ?? "", /container is paused/);
    assert.equal(stoppedHow(8, root), null);
  });
});

describe("a server that is not ours", () => {
  const during = (from: number, to: number) => (t: number) => t >= from && t < to;
  const cut = during(10_000, 20_000);
  const fine = { unacknowledged: false, stopped: null };
  const silent = (until: number): Pick<Script, "answeredAt"> => ({
    answeredAt: (_, askedAt) => (askedAt >= 10_000 && askedAt < until ? until + 500 : askedAt + 2),
  });
  const words = (script: Script) => play(script).map(({ condition }) => condition);

  it("is unreachable, and no hang, while its host acknowledges nothing; late answers are nobody's fault", () => {
    const outside = (t: number) => ({ unacknowledged: during(11_000, 20_000)(t), stopped: null });
    assert.deepEqual(words({ until: 40_000, ...silent(20_000), outside }), [
      "unknown",
      "healthy",
      "unreachable",
      "healthy",
    ]);
  });

  it("is paused while somebody holds its process", () => {
    const outside = (t: number) => ({ unacknowledged: false, stopped: cut(t) ? "its process is stopped" : null });
    assert.deepEqual(words({ until: 40_000, ...silent(20_000), outside }), ["unknown", "healthy", "paused", "healthy"]);
  });

  it("hangs where its host acknowledges, and unresponsive is all that one knows without its process", () => {
    const hung = { until: 30_000, answeredAt: (_: number, at: number) => (at >= 10_000 ? null : at + 2) };
    assert.deepEqual(words({ ...hung, outside: () => fine }), ["unknown", "healthy", "unresponsive"]);
  });

  it("hangs also after somebody has let its process go", () => {
    const hung = { until: 40_000, answeredAt: (_: number, at: number) => (at >= 10_000 ? null : at + 2) };
    const outside = (t: number) => ({ unacknowledged: false, stopped: cut(t) ? "its process is stopped" : null });
    assert.deepEqual(words({ ...hung, outside }), ["unknown", "healthy", "paused", "unresponsive"]);
  });

  it("is dead where nobody listens at its address", () => {
    const script = { until: 40_000, refused: cut, outside: () => fine };
    assert.deepEqual(words(script), ["unknown", "healthy", "dead", "healthy"]);
  });

  it("does not hang in part because some packets got lost", () => {
    const answeredAt = (n: number, at: number) => (n === 0 && at >= 10_000 && at < 11_000 ? 25_000 : at + 2);
    const outside = (t: number) => ({ unacknowledged: during(11_000, 25_000)(t), stopped: null });
    assert.deepEqual(words({ until: 40_000, answeredAt, outside }), ["unknown", "healthy"]);
    assert.ok(words({ until: 40_000, answeredAt, outside: () => fine }).includes("partial"));
  });
});
