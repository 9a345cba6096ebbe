import { messageOf } from "../../base/chaos-error.ts";
import { sleep } from "../../base/deadline.ts";
import { slotOf } from "../../cluster/slots.ts";
import type { EventOf } from "../../journal/events.ts";
import { commandsOf, type Plan, type PlannedFault } from "../../journal/plan.ts";
import { slotsOfPreload } from "../../load/in-slots.ts";
import { preloadKey } from "../../load/preload.ts";
import { replyText } from "../../resp/reply-text.ts";
import type { SlotView, System } from "../../systems/system.ts";
import { type Aftermath, inTrouble } from "./aftermath.ts";

/*
 *   every node: CLUSTER NODES, until all say the same ─► slot-view, one each
 *   every master: SCAN, all keys ─► in a slot of its own? on one master only? all of the preload there? ─► slot-keys
 */

const ASK_MS = 5_000;
/** Servers tell each other who has a slot; a moment later they agree. ms */
const SETTLE_MS = 10_000;
const AGAIN_MS = 500;
const SCAN_MS = 60_000;
const BATCH = 1_000;
const SHOWN = 5;

type View = Omit<EventOf<"slot-view">, "t" | "type">;
type Keys = Omit<EventOf<"slot-keys">, "t" | "type">;

export interface SlotReadOptions extends Pick<Aftermath, "cluster" | "watchdog" | "claims" | "emit" | "signal"> {
  /** What it wrote before chaos is looked for, where none of its faults may have removed it. */
  plan: Plan;
}

/** Can a fault remove keys that it did not write? */
function mayRemoveKeys({ fault, params }: Pick<PlannedFault, "fault" | "params">): boolean {
  return (
    fault === "flushall" ||
    commandsOf(params).some(({ words }) => words.some((word) => /FLUSH|^DEL$|^UNLINK$/i.test(word)))
  );
}

/** Load has stopped: journals whose slots are as every node tells it, and where every key is, where the check `slots` asks for it. Rejects only with the signal's reason. */
export async function readSlots(options: SlotReadOptions): Promise<void> {
  const { emit, signal, cluster, plan } = options;
  if (!plan.experiment.checks.includes("slots")) return;
  let views: View[] = [];
  for (const end = performance.now() + SETTLE_MS; ; ) {
    views = await readViews(options);
    const said = new Set(views.map(({ owners }) => JSON.stringify(Object.entries(owners).sort())));
    if ((said.size === 1 && views.every(({ open }) => open.length === 0)) || performance.now() > end) break;
    await sleep(AGAIN_MS, signal);
  }
  for (const view of views) emit({ type: "slot-view", ...view });
  const master = views.find(({ node }) => cluster.topology.masters.includes(node)) ?? views[0];
  if (master) emit({ type: "slot-keys", ...(await readKeys(options, master)) });
}

async function readViews({ cluster, watchdog, claims, signal }: SlotReadOptions): Promise<View[]> {
  const asked = cluster.nodes.filter(
    ({ name }) => !claims.abandoned().includes(name) && inTrouble(watchdog, name) === null,
  );
  const names = new Map(cluster.nodes.map(({ name }) => [cluster.nodeId(name), name]));
  const views = await Promise.all(
    asked.map(async (node): Promise<View | null> => {
      const reply = await node.admin(["CLUSTER", "NODES"], { within: ASK_MS, signal }).catch(() => null);
      signal.throwIfAborted();
      const view = reply === null ? null : viewIn(cluster.system, replyText(reply));
      if (!view) return null;
      const owners = Object.fromEntries(view.owners.map(({ id, slots }) => [names.get(id) ?? "?", [...slots]]));
      return { node: node.name, owners, open: view.open.map(({ slot, state }) => ({ slot, state })) };
    }),
  );
  return views.filter((view) => view !== null);
}

function viewIn({ gossip, cluster }: System, reply: string): SlotView | null {
  return (gossip ?? cluster)?.slotView(reply) ?? null;
}

async function readKeys(options: SlotReadOptions, view: View): Promise<Keys> {
  const { cluster, watchdog, plan } = options;
  const { preload: written } = plan.experiment;
  const preload = plan.faults.some(mayRemoveKeys) || written?.ttl ? null : written;
  const tags = cluster.topology.masters.map((master) => cluster.keyTags(master, written ? slotsOfPreload(written) : 1));
  const ownerOf = (slot: number): string =>
    Object.keys(view.owners).find((name) =>
      view.owners[name]?.some(([first, last]) => first <= slot && slot <= last),
    ) ?? "nobody";
  const homes = new Map<string, string[]>();
  const foreign = new Map<string, Keys["foreign"][number]>();
  const slots = new Map<string, number>();
  const keys: Keys["keys"] = {};
  let why: string | null = null;
  for (const node of cluster.topology.masters) {
    const trouble = inTrouble(watchdog, node);
    if (trouble !== null) {
      why ??= trouble;
      continue;
    }
    keys[node] = 0;
    const failed = await scan(options, node, (key) => {
      keys[node] = (keys[node] ?? 0) + 1;
      const tag = /^\{[^}]+\}/.exec(key)?.[0] ?? key;
      const slot = slots.get(tag) ?? slotOf(tag);
      slots.set(tag, slot);
      homes.set(key, [...(homes.get(key) ?? []), node]);
      const owner = ownerOf(slot);
      if (owner === node) return;
      const known = foreign.get(`${node} ${slot}`);
      if (known) known.keys++;
      else foreign.set(`${node} ${slot}`, { node, slot, owner, keys: 1, example: key });
    });
    why ??= failed;
  }
  const doubled = [...homes].filter(([, nodes]) => new Set(nodes).size > 1);
  const wanted = preload
    ? tags.flatMap((own) => Array.from({ length: preload.keys }, (_, n) => preloadKey(preload, own, n)))
    : [];
  const missing = wanted.filter((key) => !homes.has(key));
  return {
    ...{ keys, why, foreign: [...foreign.values()] },
    doubled: {
      keys: doubled.length,
      nodes: [...new Set(doubled.flatMap(([, nodes]) => nodes))],
      examples: doubled.slice(0, SHOWN).map(([key]) => key),
    },
    missing: preload && { keys: missing.length, of: wanted.length, examples: missing.slice(0, SHOWN) },
  };
}

/** Calls `see` for every key of a node, once. Returns why it did not come to the end; null: it did. */
async function scan(
  { cluster, signal }: SlotReadOptions,
  name: string,
  see: (key: string) => void,
): Promise<string | null> {
  const end = performance.now() + SCAN_MS;
  const seen = new Set<string>();
  try {
    const connection = await cluster.node(name).connect({ within: ASK_MS, signal });
    try {
      for (let cursor = "0"; ; ) {
        const outcome = await connection.send(["SCAN", cursor, "COUNT", BATCH], { within: ASK_MS });
        signal.throwIfAborted();
        if (outcome.outcome !== "ok" || !Array.isArray(outcome.reply)) return `SCAN on ${name} was not answered`;
        const [next = "0", page = []] = outcome.reply as [Buffer, Buffer[]];
        for (const bytes of page) {
          const key = bytes.toString("latin1");
          if (!seen.has(key)) see(key);
          seen.add(key);
        }
        cursor = String(next);
        if (cursor === "0") return null;
        if (performance.now() > end) return `not all keys of ${name} were read within ${SCAN_MS / 1000} s`;
      }
    } finally {
      connection.close();
    }
  } catch (error) {
    signal.throwIfAborted();
    return messageOf(error);
  }
}
