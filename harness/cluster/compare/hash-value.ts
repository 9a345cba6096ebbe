import { quoteBytes, showBytes } from "../../base/show-bytes.ts";
import { comparisonByName, namesAndValues } from "./named-elements.ts";
import { bytesOf, listOf } from "./server-pair.ts";

export const hashValue = comparisonByName<Buffer>({
  length: "HLEN",
  noun: "fields",
  all: (key) => ["HGETALL", key],
  elementsOf: (reply) => new Map(namesAndValues(reply)),
  scan: "HSCAN",
  async chunk(pair, key, items) {
    const fields = new Map(namesAndValues(items));
    if (fields.size === 0) return [fields, fields];
    const names = [...fields.keys()];
    const theirs = listOf(await pair.replica.call(["HMGET", key, ...names.map((name) => Buffer.from(name, "latin1"))]));
    const found = names.flatMap((name, i): [string, Buffer][] =>
      theirs[i] === null ? [] : [[name, bytesOf(theirs[i])]],
    );
    return [fields, new Map(found)];
  },
  compare(name, onMaster, onReplica) {
    if (onMaster && onReplica && onMaster.equals(onReplica)) return null;
    const show = (value: Buffer | undefined) => `field ${showBytes(name)}: ${value ? quoteBytes(value) : "missing"}`;
    return { master: show(onMaster), replica: show(onReplica) };
  },
});
