import type { Check } from "../../harness/checks/check.ts";

/** A check is a function of the journal alone: true, false with findings, or "unknown" when the journal cannot tell. */
export const loadComesBack: Check = {
  name: "load-comes-back",
  summary: "In its last second every load is served again.",
  // Refused with line and column in an experiment in which it could never answer.
  needs: ({ loads }) => (loads.length > 0 ? null : { what: "judges loads, and there is none", hint: "add a load" }),
  check(record) {
    const last = new Map(record.of("load").map((sample) => [sample.load, sample]));
    if (last.size === 0) return { valid: "unknown", why: "there was no load", findings: [] };
    const dead = [...last.values()].filter(({ ok }) => ok === 0);
    return {
      valid: dead.length === 0,
      why: null,
      findings: dead.map(({ load, t, errors }) => ({
        type: "slow-recovery",
        class: "no-operations",
        node: null,
        from: t,
        to: null,
        summary: `No operation of the load ${load} succeeded in its last second.`,
        proof: `Errors in that second: ${JSON.stringify(errors)}.`,
        evidence: [],
      })),
    };
  },
};
