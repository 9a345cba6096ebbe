import assert from "node:assert/strict";
import { answerTime, holdsFor } from "./answer-time.ts";

const words = (line: string): string[] => line.split(" ");

describe("how long a command may be without answer by its own words", () => {
  const cases: [string, number | null][] = [
    ["GET key", 0],
    ["BLPOP a b 5", 5000],
    ["brpop a 0.5", 500],
    ["BZPOPMAX nokey 1", 1000],
    ["BLMOVE a b LEFT RIGHT 2", 2000],
    ["BRPOPLPUSH a b 3", 3000],
    ["BLMPOP 4 2 a b LEFT", 4000],
    ["BZMPOP 4 1 a MIN", 4000],
    ["XREAD COUNT 2 BLOCK 1500 STREAMS a $", 1500],
    ["XREADGROUP GROUP g c BLOCK 700 STREAMS a >", 700],
    ["XREAD STREAMS BLOCK 0", 0],
    ["WAIT 1 250", 250],
    ["WAITAOF 1 1 250", 250],
    ["MIGRATE host 6379 key 0 5000", 5000],
    ["DEBUG SLEEP 1.5", 1500],
    ["DEBUG RELOAD", 0],
    ["CLIENT PAUSE 4000 ALL", 0],
    ["CLUSTERX MIGRATE 3 id sync 9", 9000],
    ["CLUSTERX MIGRATE 3 id", 0],
    ["BLPOP a soon", 0],
  ];
  for (const [line, ms] of cases) it(`${line}: ${ms} ms`, () => assert.equal(answerTime(words(line)), ms));

  const never = [
    ...["BLPOP a 0", "XREAD BLOCK 0 STREAMS a $", "WAIT 1 0", "CLUSTERX MIGRATE 3 id SYNC"],
    ...["SUBSCRIBE c", "monitor", "PSYNC ? -1", "QUIT", "SHUTDOWN NOSAVE", "CLIENT REPLY OFF"],
  ];
  for (const line of never) it(`${line}: never has to be answered`, () => assert.equal(answerTime(words(line)), null));

  it("a script that cannot loop is answered when it is done, of another nobody knows", () => {
    assert.equal(answerTime(["EVAL", "return redis.call('SET', KEYS[1], 'x')", "1", "a"]), 0);
    assert.equal(answerTime(["EVAL", "while true do end", "0"]), null);
  });
});

describe("how long a command holds its server", () => {
  it("DEBUG SLEEP and CLIENT PAUSE say so", () => {
    assert.equal(holdsFor(words("debug sleep 0.5")), 500);
    assert.equal(holdsFor(words("CLIENT PAUSE 4000 WRITE")), 4000);
    assert.equal(holdsFor(words("CLIENT UNPAUSE")), 0);
  });
});
