import type { PlannedFault, PlannedParams } from "../journal/plan.ts";
import type { ReproNode } from "./repro-input.ts";

const NODE_KEYS = ["node", "nodes", "isolate", "to"];

/**
 * Where nobody changes who is master, "master" and "replica/1" mean the same nodes all the time: the script names them, and a
 * reader need not ask which they are.
 */
export function settledFaults(faults: readonly PlannedFault[], nodes: readonly ReproNode[]): PlannedFault[] {
  const replicas = nodes.filter(({ master }) => master !== null).sort((a, b) => (a.name < b.name ? -1 : 1));
  const node = (selector: string): string => {
    if (nodes.some(({ name }) => name === selector)) return selector;
    const index = /^replica\/(\d+)$/.exec(selector)?.[1];
    if (index !== undefined) return replicas[Number(index) % Math.max(1, replicas.length)]?.name ?? selector;
    return selector === "master" ? (nodes.find(({ role }) => role === "master")?.name ?? selector) : selector;
  };
  const link = (text: string): string => {
    const [from = "", to = ""] = text.split("->").map((side) => side.trim());
    const own = nodes.find(({ name }) => name === node(from))?.master;
    return `${from === "client" ? from : node(from)} -> ${to === "master" && own ? own : node(to)}`;
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
      trigger.kind === "when" ? { ...trigger, when: { ...trigger.when, node: node(trigger.when.node) } } : trigger;
    return { ...fault, trigger: settled, params: params(fault.params) };
  });
}
