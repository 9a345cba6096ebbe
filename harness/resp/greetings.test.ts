import assert from "node:assert/strict";
import { keySpacesOf } from "../journal/loads/key-space.ts";
import { entry, greetingsOf } from "./greetings.ts";

describe("keys that a server keeps apart", () => {
  const names = (wanted: Parameters<typeof keySpacesOf>[0]) => keySpacesOf(wanted).map(({ name }) => name);
  const greetings = (wanted: Parameters<typeof keySpacesOf>[0], password?: string) =>
    keySpacesOf(wanted).map((space) => greetingsOf({ password, space }).map((argv) => argv.join(" ")));

  it("are those of databases, of namespaces, or all in one", () => {
    assert.deepEqual(names({}), ["db0"]);
    assert.deepEqual(names({ databases: 3 }), ["db0", "db1", "db2"]);
    assert.deepEqual(names({ namespaces: 2 }), ["ns0", "ns1"]);
  });

  it("are chosen by a connection's first words", () => {
    assert.deepEqual(greetings({ databases: 2 }), [[], ["SELECT 1"]]);
    assert.deepEqual(greetings({ databases: 2 }, "secret"), [["AUTH secret"], ["AUTH secret", "SELECT 1"]]);
    // A token is the password of its namespace: whoever says another one first is an administrator for a moment.
    assert.deepEqual(greetings({ namespaces: 2 }, "secret"), [["AUTH secret"], ["AUTH kvchaos-ns1"]]);
    assert.deepEqual(greetingsOf({}), []);
  });

  it("can be changed on a connection", () => {
    const all = [...keySpacesOf({ databases: 2 }), ...keySpacesOf({ namespaces: 2 })];
    assert.deepEqual(all.flatMap(entry), [
      ["SELECT", 1],
      ["AUTH", "kvchaos-ns1"],
    ]);
  });
});
