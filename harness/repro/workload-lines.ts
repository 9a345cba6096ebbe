import type { LoadSpec } from "../journal/plan.ts";
import type { DeadlineCommand } from "../journal/time-to-live.ts";
import { awkText } from "./awk-values.ts";

/** Cluster mode: its keys on one shard begin with one of these, of a slot each. */
export type ShardLoad = LoadSpec & { tags?: readonly string[] };

/** What keys begin with, as an awk expression: "tag" holds the tag of one operation. */
function prefixOf({ keyPrefix, tags }: ShardLoad): string {
  return `${tags ? "tag " : ""}${awkText(keyPrefix)}`;
}

/** All keys of one group get the same value. */
function groupWords(load: ShardLoad, each: (key: string) => string): string {
  const prefix = `${prefixOf(load)} g ":"`;
  return Array.from({ length: load.elements }, (_, part) => each(`${prefix} ${part}`)).join(" ");
}

const TRANSACTION: Expressions = (load) => {
  const sets = groupWords(load, (key) => `print "SET " ${key} " " v;`);
  const gets = groupWords(load, (key) => `print "GET " ${key};`);
  return `g = any(${load.keys}); v = value(); print "MULTI"; if (rand() < 0.25) { ${gets} } else { ${sets} } print "EXEC"`;
};

/** Scripts have no spaces and quotes here: a line of redis-cli is cut at them. */
const SCRIPT: Expressions = (load) => {
  const names = groupWords(load, (key) => `" " ${key}`);
  const call = `\\"for i,k in ipairs(KEYS) do redis.call('SET',k,ARGV[1]) end return #KEYS\\"`;
  return `g = any(${load.keys}); print "EVAL ${call} ${load.elements}" ${names} " " value()`;
};

const SET_RANDOM: Expressions = ({ elements }, key) => {
  const member = `" element:" any(${elements})`;
  return [
    `r = rand(); k = ${key}; if (r < 0.25) print "SADD " k ${member}; else if (r < 0.5) print "SADD " k ${member} ${member}`,
    `else if (r < 0.7) print "SPOP " k; else if (r < 0.8) print "SPOP " k " " any(4)`,
    `else if (r < 0.9) print "SRANDMEMBER " k; else print "SRANDMEMBER " k " " any(4)`,
  ].join("; ");
};

const MULTI_KEY: Expressions = (load, key) => {
  const { keys, elements } = load;
  const pairs = groupWords(load, (name) => `" " ${name} " " v`);
  const names = groupWords(load, (name) => `" " ${name}`);
  const list = (which: string) => `${key} ":list:" ${which}`;
  return [
    `g = any(${keys}); v = value(); r = rand(); s = any(2)`,
    `if (r < 0.3) print "MSET" ${pairs}; else if (r < 0.4) print "DEL" ${names}; else if (r < 0.5) print "MGET" ${names}`,
    `else if (r < 0.6) print "RPUSH " ${list("s")} " element:" any(1000000)`,
    `else if (r < 0.75) print "RPOPLPUSH " ${list("s")} " " ${list("1 - s")}`,
    `else if (r < 0.9) print (r < 0.85 ? "SADD " : "SREM ") ${key} ":set:" s " element:" any(${elements})`,
    `else print "SINTERSTORE " ${key} ":set:both " ${key} ":set:0 " ${key} ":set:1"`,
  ].join("; ");
};

type Expressions = (load: ShardLoad, key: string) => string;

const ADDS: Expressions = ({ elements }, key) => {
  const alone = `if (r < 0.33) print "DECRBY " ${key} " " 1 + any(100); else if (r < 0.67) print "INCRBY " ${key} " " 1 + any(100); else print "INCR " ${key}`;
  const field = `print "HINCRBY " ${key} ":fields field:" 1 + any(${elements - 1}) " " 1 + any(100) - (rand() < 0.33) * 101`;
  return `r = rand(); ${elements > 1 ? `if (rand() < 0.5) ${field}; else ` : ""}${alone}`;
};

/** One command per line, as an awk statement; the same traffic as the workload of that name (load/workloads). */
const STATEMENTS: Record<string, Expressions> = {
  set: write,
  "get-set": (load, key) => `if (rand() < 0.5) print "GET " ${key}; else { ${write(load, key)} }`,
  incr: (_load, key) => `print "INCR " ${key}`,
  zadd: ({ elements }, key) => `print "ZADD " ${key} " " any(${elements}) " element:" any(${elements})`,
  counter: ADDS,
  transaction: TRANSACTION,
  script: SCRIPT,
  "set-random": SET_RANDOM,
  queue: (_load, key) =>
    `r = rand(); if (r < 0.5) print (r < 0.375 ? "RPUSH " : "LPUSH ") ${key} " " value(); else if (r < 0.6) print (r < 0.575 ? "LPOP " : "RPOP ") ${key}; else print (r < 0.9 ? "BLPOP " : "BRPOP ") ${key} " 1"`,
  stream: (_load, key) =>
    `k = ${key}; if (!(k in made)) { made[k] = 1; print "XGROUP CREATE " k " consumers 0 MKSTREAM" } if (rand() < 0.5) print "XADD " k " * v " value(); else print "XREADGROUP GROUP consumers one COUNT 1 NOACK BLOCK 100 STREAMS " k " >"`,
  "multi-key": (load) => MULTI_KEY(load, `${prefixOf(load)} g`),
  hset: ({ elements }, key) => `print "HSET " ${key} " field:" any(${elements}) " " value()`,
  lpush: ({ elements }, key) =>
    `if (rand() < 1 / 16) print "LTRIM " ${key} " 0 ${elements - 1}"; else print "LPUSH " ${key} " " value()`,
};

/** SET, or what is to give the key a deadline or take it away. awk knows no time of day: PEXPIRE stands for PEXPIREAT. */
function write({ ttl }: ShardLoad, key: string): string {
  const plain = `print "SET " ${key} " " value()`;
  if (!ttl) return plain;
  const { of, share, by } = ttl;
  const branches = by.map((command, i) => `if (which == ${i}) ${DEADLINES[command](key)}`);
  const drawn = `life = ${of.min} + any(${of.max - of.min + 1}); which = any(${by.length})`;
  return `if (rand() >= ${share}) ${plain}; else { ${drawn}; ${branches.join("; ")} }`;
}

/** By the command: an awk statement; `life` holds milliseconds. */
const DEADLINES: Record<DeadlineCommand, (key: string) => string> = {
  setex: (key) => `print "SETEX " ${key} " " int((life + 999) / 1000) " " value()`,
  "set-ex": (key) => `print "SET " ${key} " " value() " EX " int((life + 999) / 1000)`,
  "set-px": (key) => `print "SET " ${key} " " value() " PX " life`,
  pexpireat: (key) => `print "PEXPIRE " ${key} " " life`,
  persist: (key) => `print "PERSIST " ${key}`,
};

/** The same for redis-benchmark: all lives are of one length. */
function deadlineCommands({ ttl }: ShardLoad, key: string, value: string): string[][] {
  if (!ttl) return [["SET", key, value]];
  const life = Math.round((ttl.of.min + ttl.of.max) / 2);
  const seconds = `${Math.ceil(life / 1000)}`;
  const words: Record<DeadlineCommand, string[]> = {
    setex: ["SETEX", key, seconds, value],
    "set-ex": ["SET", key, value, "EX", seconds],
    "set-px": ["SET", key, value, "PX", `${life}`],
    pexpireat: ["PEXPIRE", key, `${life}`],
    persist: ["PERSIST", key],
  };
  return [...(ttl.share < 1 ? [["SET", key, value]] : []), ...ttl.by.map((command) => words[command])];
}

/** null: no shell form of that workload is known. */
export function awkStatement(load: ShardLoad): string | null {
  const key = `${prefixOf(load)} any(${load.keys})`;
  const statement = STATEMENTS[load.workload]?.(load, `(${key})`);
  if (statement === undefined) return null;
  return load.tags ? `tag = tags[1 + any(${load.tags.length})]; ${statement}` : statement;
}

/** Words after `redis-benchmark -r KEYS` for a load without a rate; __rand_int__ is its own placeholder. All keys are in one slot. null: none is known. */
export function benchmarkCommands(load: ShardLoad): string[][] | null {
  const key = `${load.tags?.[0] ?? ""}${load.keyPrefix}__rand_int__`;
  const value = "x".repeat(Math.min(4096, Math.max(1, Math.round((load.value.min + load.value.max) / 2))));
  switch (load.workload) {
    case "set":
      return deadlineCommands(load, key, value);
    case "get-set":
      return [["GET", key], ...deadlineCommands(load, key, value)];
    case "counter":
      return [
        ["INCR", key],
        ["INCRBY", key, "7"],
        ["DECRBY", key, "3"],
        ["HINCRBY", `${key}:fields`, "field:__rand_int__", "5"],
      ];
    case "set-random":
      return [
        ["SADD", key, "element:__rand_int__"],
        ["SPOP", key],
        ["SRANDMEMBER", key],
      ];
    case "incr":
      return [["INCR", key]];
    case "zadd":
      return [["ZADD", key, "__rand_int__", "element:__rand_int__"]];
    case "hset":
      return [["HSET", key, "field:__rand_int__", value]];
    case "lpush":
      return [["LPUSH", key, value]];
    default:
      return null;
  }
}
