import type { LoadSpec } from "../journal/plan.ts";
import { awkText } from "./awk-values.ts";

type Expressions = (load: LoadSpec, key: string) => string;

const ADDS: Expressions = ({ elements }, key) => {
  const alone = `if (r < 0.33) print "DECRBY " ${key} " " 1 + any(100); else if (r < 0.67) print "INCRBY " ${key} " " 1 + any(100); else print "INCR " ${key}`;
  const field = `print "HINCRBY " ${key} ":fields field:" 1 + any(${elements - 1}) " " 1 + any(100) - (rand() < 0.33) * 101`;
  return `r = rand(); ${elements > 1 ? `if (rand() < 0.5) ${field}; else ` : ""}${alone}`;
};

/** One command per line, as an awk statement; the same traffic as the workload of that name (load/workloads). */
const STATEMENTS: Record<string, Expressions> = {
  set: (_load, key) => `print "SET " ${key} " " value()`,
  "get-set": (_load, key) => `if (rand() < 0.5) print "GET " ${key}; else print "SET " ${key} " " value()`,
  incr: (_load, key) => `print "INCR " ${key}`,
  zadd: ({ elements }, key) => `print "ZADD " ${key} " " any(${elements}) " element:" any(${elements})`,
  counter: ADDS,
  hset: ({ elements }, key) => `print "HSET " ${key} " field:" any(${elements}) " " value()`,
  lpush: ({ elements }, key) =>
    `if (rand() < 1 / 16) print "LTRIM " ${key} " 0 ${elements - 1}"; else print "LPUSH " ${key} " " value()`,
};

/** null: no shell form of that workload is known. */
export function awkStatement(load: LoadSpec): string | null {
  const key = `${awkText(load.keyPrefix)} any(${load.keys})`;
  return STATEMENTS[load.workload]?.(load, `(${key})`) ?? null;
}

/** Words after `redis-benchmark -r KEYS` for a load without a rate; __rand_int__ is its own placeholder. null: none is known. */
export function benchmarkCommands(load: LoadSpec): string[][] | null {
  const key = `${load.keyPrefix}__rand_int__`;
  const value = "x".repeat(Math.min(4096, Math.max(1, Math.round((load.value.min + load.value.max) / 2))));
  switch (load.workload) {
    case "set":
      return [["SET", key, value]];
    case "get-set":
      return [
        ["GET", key],
        ["SET", key, value],
      ];
    case "counter":
      return [
        ["INCR", key],
        ["INCRBY", key, "7"],
        ["DECRBY", key, "3"],
        ["HINCRBY", `${key}:fields`, "field:__rand_int__", "5"],
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
