import { z } from "zod";
import { ChaosError, messageOf } from "../../base/chaos-error.ts";
import { until, type WaitLimits } from "../../base/deadline.ts";
import type { Emit, EventOf } from "../../journal/events.ts";
import type { ControllerMode, ControllerView, HttpCall } from "../../systems/controller-mode.ts";
import type { RoleView } from "../../systems/system.ts";
import type { ClusterNode } from "../container-node.ts";
import { type HttpAnswer, httpCall } from "./http-call.ts";

/** For an order to be taken by one that leads; after it lost its store, or its leader, that takes a while. ms */
const ORDER_MS = 30_000;
const CONFLICT = 409;
/** Who leads answers so before there is a cluster. */
const NOT_FOUND = 404;

const refusal = z.object({ error: z.union([z.string(), z.object({ message: z.string() })]) });

export interface ControllersOptions {
  mode: ControllerMode;
  nodes: readonly Pick<ClusterNode, "name" | "direct">[];
  /** The node in which they keep what they know. */
  store: string;
  /** The host under which they know a server. */
  hostOf(name: string): string;
  /** The node that is known to others by this host; null: none of this cluster. */
  nameOf(host: string): string | null;
  emit: Emit;
}

/** The controllers of a cluster, past all links: what they say is journaled whenever it has changed. */
export class Controllers {
  readonly mode: ControllerMode;
  readonly nodes: ControllersOptions["nodes"];
  readonly store: string;
  readonly hostOf: ControllersOptions["hostOf"];
  readonly #options: ControllersOptions;
  readonly #said = new Map<string, string>();
  readonly #shown = new Map<string, string>();

  constructor(options: ControllersOptions) {
    this.#options = options;
    this.mode = options.mode;
    this.nodes = options.nodes;
    this.store = options.store;
    this.hostOf = options.hostOf;
  }

  /** The topology as this one has it. Rejects when it does not lead, or does not answer. */
  async view(name: string, limits: WaitLimits): Promise<ControllerView> {
    const node = this.nodes.find((one) => one.name === name);
    if (!node) throw new ChaosError("internal", `no controller is called ${name}`);
    let answer: HttpAnswer;
    try {
      answer = await httpCall(node.direct, this.mode.calls.view(), limits);
    } catch (error) {
      limits.signal?.throwIfAborted();
      this.#tell({ node: name, says: "silent", detail: messageOf(error) });
      throw error;
    }
    if (answer.status !== 200) {
      const said = reasonOf(answer);
      const follows = answer.status >= 300 && answer.status < 400;
      this.#tell(follows ? { node: name, says: "follows" } : { node: name, says: "silent", detail: said });
      throw new ChaosError("infrastructure", `${name} does not lead: ${said}`);
    }
    const view = this.mode.view(answer.body);
    this.#tell({ node: name, says: "leads" });
    this.#show(name, view);
    return view;
  }

  /** The same in the words of others who have a say. */
  async roles(name: string, limits: WaitLimits): Promise<RoleView> {
    return rolesIn(await this.view(name, limits));
  }

  /** Of whoever leads. Waits until somebody does. */
  current({ within = ORDER_MS, signal }: WaitLimits): Promise<ControllerView> {
    return until({ what: "a controller that leads", within, signal }, (inner) =>
      Promise.any(this.nodes.map(({ name }) => this.view(name, { signal: inner }))).catch((error: unknown) => {
        throw error instanceof AggregateError ? error.errors[0] : error;
      }),
    );
  }

  /**
   * Gives an order to whoever leads, again and again until it is taken. One that follows is never given it: it redirects, and carries it
   * out all the same, behind the back of the one that leads (1.1.0, middleware.go: no Abort).
   * @returns what it answered, in words
   */
  async order(call: HttpCall, { within = ORDER_MS, signal }: WaitLimits): Promise<string> {
    return until({ what: `a controller to take ${call.method} ${call.path}`, within, signal }, async (inner) => {
      const refusals: string[] = [];
      for (const { name, direct } of this.nodes) {
        const ask = (one: HttpCall) =>
          httpCall(direct, one, { signal: inner }).catch((error: unknown) => messageOf(error));
        const asked = await ask(this.mode.calls.view());
        const leads = typeof asked !== "string" && [200, NOT_FOUND].includes(asked.status);
        const answer = leads ? await ask(call) : asked;
        if (typeof answer === "string") refusals.push(`${name}: ${answer}`);
        // An order whose answer was lost has been carried out already.
        else if (answer.status < 300 || answer.status === CONFLICT) return `${name}: ${answer.status}`;
        else refusals.push(`${name}: ${reasonOf(answer)}`);
      }
      throw new ChaosError("infrastructure", refusals.join("; "));
    });
  }

  #tell(said: Omit<EventOf<"controller">, "t" | "type">): void {
    const text = said.says;
    if (this.#said.get(said.node) === text) return;
    this.#said.set(said.node, text);
    this.#options.emit({ type: "controller", ...said });
  }

  #show(node: string, { version, shards }: ControllerView): void {
    const { nameOf, emit } = this.#options;
    const shown = shards.map(({ nodes, slots, migrating }) => {
      const named = (wanted: boolean) =>
        nodes.flatMap(({ host, isMaster }) => (isMaster === wanted ? [nameOf(host)] : []));
      return { masters: named(true), replicas: named(false), slots, migrating };
    });
    const text = JSON.stringify([version, shown]);
    if (this.#shown.get(node) === text) return;
    this.#shown.set(node, text);
    emit({ type: "controller-topology", node, version, shards: shown });
  }
}

/** A shard with two masters has two here, too. */
export function rolesIn({ version, shards }: ControllerView): RoleView {
  const masters = shards.flatMap(({ nodes, slots }) =>
    nodes.flatMap(({ host, isMaster }) => (isMaster ? [{ host, epoch: version, slots }] : [])),
  );
  const replicas = shards.flatMap(({ nodes }) => {
    const master = nodes.find(({ isMaster }) => isMaster);
    return nodes.flatMap(({ host, isMaster }) => (isMaster || !master ? [] : [[host, master.host] as const]));
  });
  return { self: null, masters, replicaOf: Object.fromEntries(replicas) };
}

/** "400 no leader now, please retry later": its errors are texts, or have one. */
function reasonOf({ status, body }: HttpAnswer): string {
  const read = refusal.safeParse(body);
  if (!read.success) return String(status);
  const { error } = read.data;
  return `${status} ${typeof error === "string" ? error : error.message}`;
}
