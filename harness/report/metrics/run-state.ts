import type { EventOf, JournalEvent, NodeCondition, NodeState, Phase } from "../../journal/events.ts";

type Names = Pick<EventOf<"run">, "runId" | "system" | "image"> & { experiment: string };

interface NodeNow {
  condition: NodeCondition;
  state: NodeState | null;
  process: EventOf<"process"> | null;
  /** By kind. */
  probes: Map<string, EventOf<"probe">>;
  /** This replica was linked with the master that it has: only then their offsets have something in common. */
  linked: boolean;
}

/** What is true of a run that goes on, as its latest events say. */
export class RunState {
  readonly names: Names;
  phase: Phase = "setup";
  readonly nodes = new Map<string, NodeNow>();
  /** By load. */
  readonly loads = new Map<string, EventOf<"load">>();
  /** Ids of occurrences that are under way, with the fault's kind. */
  readonly faults = new Map<string, string>();
  self: EventOf<"self"> | null = null;
  #replicaOf: Readonly<Record<string, string>> = {};

  constructor({ runId, system, image, experimentFile }: EventOf<"run">) {
    this.names = { runId, system, image, experiment: experimentName(experimentFile) };
  }

  see(event: JournalEvent): void {
    switch (event.type) {
      case "phase":
        if (event.step === "begin") this.phase = event.phase;
        return;
      case "cluster":
        for (const { name } of event.nodes) this.#node(name);
        return;
      case "condition":
        this.#node(event.node).condition = event.now;
        return;
      case "process":
        this.#node(event.node).process = event;
        return;
      case "probe":
        this.#node(event.node).probes.set(event.kind, event);
        return;
      case "node-state":
        this.#said(event);
        return;
      case "topology":
        this.#topology(event);
        return;
      case "load":
        this.loads.set(event.load, event);
        return;
      case "self":
        this.self = event;
        return;
      case "fault":
        this.#fault(event);
    }
  }

  /** How far a replica is behind at least, by what it and its master have said last; null: not comparable. */
  lag(node: string): number | null {
    const own = this.nodes.get(node);
    const master = this.nodes.get(this.#replicaOf[node] ?? "");
    if (!own?.linked || !own.state || own.state.offset === null || own.state.syncing || own.state.loading) return null;
    const ahead = master?.state?.offset ?? null;
    return ahead === null ? null : Math.max(0, ahead - own.state.offset);
  }

  #node(name: string): NodeNow {
    const known = this.nodes.get(name);
    if (known) return known;
    const node: NodeNow = { condition: "unknown", state: null, process: null, probes: new Map(), linked: false };
    this.nodes.set(name, node);
    return node;
  }

  #said({ node: name, state }: EventOf<"node-state">): void {
    const node = this.#node(name);
    node.state = state;
    if (state.role !== "replica") node.linked = false;
    else if (state.link === "up") node.linked = true;
  }

  #topology({ masters, replicaOf }: EventOf<"topology">): void {
    for (const [name, node] of this.nodes)
      if (masters.includes(name) || replicaOf[name] !== this.#replicaOf[name]) node.linked = false;
    this.#replicaOf = replicaOf;
  }

  #fault({ id, fault, step }: EventOf<"fault">): void {
    if (step === "inject") this.faults.set(id, fault);
    if (step === "healed" || step === "inject-failed") this.faults.delete(id);
  }
}

/** "any/quickstart" of "/work/experiments/any/quickstart.yaml", "x" of "../x.yaml". */
export function experimentName(file: string): string {
  const short = /^.*\bexperiments\//.test(file) ? file.replace(/^.*\bexperiments\//, "") : file.replace(/^.*\//, "");
  return short.replace(/\.ya?ml$/, "");
}
