import { quoteBytes } from "../../base/show-bytes.ts";
import type { Reply } from "../../resp/reply.ts";
import { comparisonByName, type Elements } from "./named-elements.ts";
import { bytesOf, listOf } from "./server-pair.ts";

export const setValue = comparisonByName<true>({
  length: "SCARD",
  noun: "members",
  all: (key) => ["SMEMBERS", key],
  elementsOf: membersOf,
  scan: "SSCAN",
  async chunk(pair, key, items) {
    const answers = await Promise.all(items.map((one) => pair.replica.call(["SISMEMBER", key, bytesOf(one)])));
    return [membersOf(items), membersOf(items.filter((_, i) => Number(answers[i]) === 1))];
  },
  compare(name, onMaster, onReplica) {
    if (onMaster === onReplica) return null;
    const show = (there: true | undefined) => `${there ? "" : "no "}member ${quoteBytes(name)}`;
    return { master: show(onMaster), replica: show(onReplica) };
  },
});

function membersOf(reply: Reply): Elements<true> {
  return new Map(listOf(reply).map((member) => [bytesOf(member).toString("latin1"), true]));
}
