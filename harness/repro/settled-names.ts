import { selectName } from "../faults/selector.ts";
import type { PlannedFault, PlannedParams } from "../journal/plan.ts";
import type { ReproNode } from "./repro-input.ts";

const NODE_KEYS = ["node", "nodes", "isolate", "to"];

/**
 * Where nobody changes who is master, "master" and "replica/1" mean the same nodes all the time: the script names them, and a
 * reader need not ask which they are.
 */
export function settledFaults(faults: readonly PlannedFault[], nodes: readonly ReproNode[]): PlannedFault[] {
  const names = nodes.map(({ name }) => name);
  const topology = {
    masters: nodes.flatMap(({ name, role }) => (role === "master" ? name : [])),
    replicaOf: Object.fromEntries(nodes.flatMap(({ name, master }) => (master === null ? [] : [[name, master]]))),
  };
  const node = (selector: string): string => selectName(selector, names, topology) ?? selector;
  const link = (text: string): string => {
    const [from = "", to = ""] = text.split("->").map((side) => side.trim());
    const own = topology.replicaOf[node(from)];
    return `${node(from)} -> ${to === "master" && own ? own : node(to)}`;
  };
  const params = (given: PlannedParams): PlannedParams => {
    const entries = Object.entries(given).map(([key, value]) => {
      const change = key === "links" ? link : NODE_KEYS.includes(key) ? node : null;
      if (change === null) return [key, value];
      if (Array.isArray(value)) return [key, value.map((one) => (typeof one === "string" ? change(one) : one))];
      return [key, typeof value === "string" ? change(value) : value];
    });
    return Object.fromEntries(entries);
  };
  return faults.map((fault) => {
    const { trigger } = fault;
    const settled =
      trigger.kind === "when" && trigger.when.kind !== "pause"
        ? { ...trigger, when: { ...trigger.when, node: node(trigger.when.node) } }
        : trigger;
    return { ...fault, trigger: settled, params: params(fault.params) };
  });
}
