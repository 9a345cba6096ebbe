import assert from "node:assert/strict";
import { ChaosError } from "../base/chaos-error.ts";
import { lockAbilities } from "./lock-abilities.ts";

describe("doctor's lines about locks", () => {
  it("are ok where the library was made and its findings can be named", async () => {
    const [library, names] = await lockAbilities(async () => {}, "/usr/bin:/bin");
    assert.equal(library?.state, "ok");
    assert.equal(names?.name, "addr2line");
  });

  it("say what is missing, and what to install", async () => {
    const refused = new ChaosError("infrastructure", "the library cannot be made: not installed: cc");
    const lines = await lockAbilities(() => Promise.reject(refused), "/nowhere");
    assert.deepEqual(
      lines.map(({ state }) => state),
      ["less", "less"],
    );
    const [library, names] = lines;
    assert.match(library?.value ?? "", /not installed: cc$/);
    assert.match(library?.hint ?? "", /apt-get install gcc libc6-dev$/);
    assert.match(names?.value ?? "", /^not installed: addr2line/);
    assert.match(names?.hint ?? "", /apt-get install binutils$/);
  });
});
