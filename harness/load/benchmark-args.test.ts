import assert from "node:assert/strict";
import { connectionsOf, refusedArguments } from "./benchmark-args.ts";

describe("arguments of redis-benchmark", () => {
  const refused = (...args: string[]) => refusedArguments(args).map(({ index }) => index);

  it("go through, but for those that say where to connect or what to print", () => {
    assert.deepEqual(
      refused("-t", "set,zadd", "-c", "10", "-P", "16", "-r", "100000", "-d", "64", "--threads", "2"),
      [],
    );
    assert.deepEqual(refused("-c", "10", "-h", "x", "-p", "1"), [2, 4]);
    assert.deepEqual(refused("-e", "--csv", "-l", "-a", "secret"), [1, 2, 3]);
  });

  it("a value is no option, and a command at the end may be anything", () => {
    assert.deepEqual(refused("-t", "-h"), []);
    assert.deepEqual(refused("-c", "5", "SET", "key:__rand_int__", "-h"), []);
    assert.deepEqual(refused("-e", "SET", "-p", "x"), []);
  });

  it("tell how many connections there are", () => {
    assert.deepEqual(
      [connectionsOf([]), connectionsOf(["-c", "7", "-c", "9"]), connectionsOf(["PING", "-c", "3"])],
      [50, 9, 50],
    );
  });
});
