import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

// By URL: the file is plain JavaScript, without types.
const { ensurePackages } = await import(new URL("./ensure-packages.mjs", import.meta.url).href);

const ENTRY = { version: "1.0.0", integrity: "sha512-a" };

describe("ensuring the packages", () => {
  let root: string;
  const path = process.env.PATH ?? "";
  const calls = () =>
    existsSync(join(root, "calls")) ? readFileSync(join(root, "calls"), "utf8").trim().split("\n") : [];
  const lock = (packages: object) => writeFileSync(join(root, "package-lock.json"), JSON.stringify({ packages }));
  const installed = (packages: object) => {
    mkdirSync(join(root, "node_modules"), { recursive: true });
    writeFileSync(join(root, "node_modules/.package-lock.json"), JSON.stringify({ packages }));
  };
  const ensure = (): string[] => {
    const lines: string[] = [];
    ensurePackages(root, (line: string) => lines.push(line));
    return lines;
  };

  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), "kvchaos-packages-")));
    // A fake npm that notes its arguments and fails when told to.
    mkdirSync(join(root, "bin"));
    const script = `#!/bin/sh\n[ -e fail ] && exit 7\necho "$@" >> calls\nmkdir -p node_modules\n`;
    writeFileSync(join(root, "bin/npm"), script, { mode: 0o755 });
    process.env.PATH = `${join(root, "bin")}${delimiter}${path}`;
    lock({ "": {}, "node_modules/a": ENTRY });
  });
  afterEach(() => {
    process.env.PATH = path;
    rmSync(root, { recursive: true, force: true });
  });

  it("installs once, says so, and does nothing the second time", () => {
    assert.deepEqual(ensure(), ["npm ci (no node_modules yet)"]);
    assert.deepEqual(ensure(), []);
    assert.equal(calls().length, 1);
    assert.match(calls()[0] ?? "", /^ci /);
  });

  it("installs again when the lock file changed", () => {
    ensure();
    lock({ "": {}, "node_modules/a": { ...ENTRY, version: "1.1.0" } });
    assert.deepEqual(ensure(), ["npm ci (node_modules does not match package-lock.json)"]);
    assert.equal(calls().length, 2);
  });

  it("accepts what somebody installed by hand, without packages of other platforms", () => {
    lock({ "": {}, "node_modules/a": ENTRY, "node_modules/b": { version: "1.0.0", optional: true, os: ["none"] } });
    installed({ "node_modules/a": ENTRY });
    assert.deepEqual(ensure(), []);
    assert.deepEqual(calls(), []);
  });

  it("does not accept another version, another content, a missing package or a damaged record", () => {
    for (const packages of [
      { "node_modules/a": { ...ENTRY, version: "0.9.0" } },
      { "node_modules/a": { ...ENTRY, integrity: "x" } },
      {},
    ]) {
      rmSync(join(root, "node_modules"), { recursive: true, force: true });
      installed(packages);
      assert.equal(ensure().length, 1, JSON.stringify(packages));
    }
    rmSync(join(root, "node_modules/.kvchaos-lock"));
    writeFileSync(join(root, "node_modules/.package-lock.json"), "{");
    assert.equal(ensure().length, 1);
  });

  it("fails with what to type, and leaves no stamp that would hide it", () => {
    writeFileSync(join(root, "fail"), "");
    const failing = { message: "npm ci failed (exit 7)", hint: /cd .*\n {2}npm ci/ };
    assert.throws(ensure, failing);
    assert.throws(ensure, failing);
  });

  it("says that npm is missing", () => {
    process.env.PATH = join(root, "empty");
    assert.throws(ensure, { message: "npm is not on PATH", hint: /Install npm/ });
  });

  it("leaves a copy alone that npm installed as a package", () => {
    const inside = join(root, "node_modules/kvchaos");
    mkdirSync(inside, { recursive: true });
    writeFileSync(join(inside, "package-lock.json"), "{}");
    ensurePackages(inside, () => assert.fail("there was nothing to do"));
    rmSync(join(root, "package-lock.json"));
    assert.deepEqual(ensure(), []);
    assert.deepEqual(calls(), []);
  });
});
