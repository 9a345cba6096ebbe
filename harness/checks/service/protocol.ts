import { groupBy } from "../../base/group-by.ts";
import type { Finding } from "../../journal/events.ts";
import { type Check, resultOf, unknownBecause } from "../check.ts";

/** docs/checks/protocol.md says exactly what it promises. */
export const protocol: Check = {
  name: "protocol",
  summary: "Every command of a load has one reply, which is RESP: nothing else comes on its connections.",
  needs: ({ loads }) =>
    loads.some(({ workload }) => workload !== null)
      ? null
      : { what: "judges what loads are answered, and there is none", hint: "add a load with a workload" },
  check(record) {
    if (record.of("load").length === 0) return unknownBecause("no load told what it was answered");
    const findings = [...groupBy(record.of("out-of-step"), ({ node, load }) => `${node} ${load}`).values()].map(
      (told): Finding => {
        const [first, ...more] = told as [(typeof told)[number], ...typeof told];
        const { node, load, text, command, t } = first;
        const about = command === null ? "" : ` at ${command}`;
        const often = more.length === 0 ? "" : ` It did so on ${told.length} connections at least.`;
        return {
          type: "protocol",
          class: "out-of-step",
          node,
          from: t,
          to: t,
          summary: `${node} broke the protocol on a connection of the load ${load}${about}: ${text}.${often}`,
          proof: text,
          evidence: [],
          detail: { load, command, count: told.length, text },
        };
      },
    );
    return resultOf({ findings, unknown: [] });
  },
};
