import { z } from "zod";
import { ChaosError, messageOf } from "../../base/chaos-error.ts";
import { formatDuration } from "../../base/units.ts";
import type { OpenMove } from "../../cluster/slot-moves/slot-transit.ts";
import { SLOTS } from "../../cluster/slots.ts";
import { defineFault, type FaultContext } from "../fault.ts";
import { choiceParameter, nodeParameter, Parameter, parameters, wholeNumberParameter } from "../parameters.ts";
import { selectNode } from "../selector.ts";
import { moverOf } from "./mover-of.ts";
import { isRefusal } from "./refusals.ts";
import { type MovePace, slotScene } from "./slot-mover.ts";

const OTHER = "other-master";
/** At once; more are for a tool. */
const MOST_SLOTS = 4096;

const slotNumber = z
  .int()
  .min(0)
  .max(SLOTS - 1);
const slotRange = z
  .string()
  .regex(/^\d{1,5}-\d{1,5}$/, { error: 'expected slots "first-last"' })
  .refine((text) => slotsIn(text).length > 0 && Number(text.split("-")[1]) < SLOTS, {
    error: `expected slots "first-last" from 0 to ${SLOTS - 1}`,
  });

function slotsIn(text: string): number[] {
  const [first = 0, last = 0] = text.split("-").map(Number);
  return Array.from({ length: Math.max(0, Math.min(last, SLOTS) - first + 1) }, (_, i) => first + i);
}

/** So many slots, or these. */
const slotsParameter = new Parameter<number | (number | string)[], number | number[]>({
  written: z
    .union([z.int().min(1).max(MOST_SLOTS), z.array(z.union([slotNumber, slotRange])).min(1)], {
      error: 'expected how many slots, or a list of slots and ranges, like [93, "100-199"]',
    })
    .describe(
      'how many of its slots (those with keys of loads and preload first), or a list of slots and ranges: `[93, "100-199"]`',
    ),
  planned: z.union([z.int().min(1), z.array(slotNumber).min(1)]),
  resolve: (slots) =>
    typeof slots === "number"
      ? slots
      : [...new Set(slots.flatMap((one) => (typeof one === "number" ? one : slotsIn(one))))],
});

/**
 * Moves slots from one master to another, one after the other, as an operator's tool does: on Redis and Valkey it carries the keys
 * over itself (SETSLOT IMPORTING and MIGRATING, GETKEYSINSLOT, MIGRATE, SETSLOT NODE), on Kvrocks the server does (CLUSTERX MIGRATE) and
 * every node is told then (CLUSTERX SETSLOT); where controllers rule, they are asked and see to both. It gives up at the first error.
 * Heal: it stops. A slot that is open then is closed by the heal phase, when all faults are healed (run/recovery/close-slots.ts).
 * Effect: servers have begun to move slots; how many were moved.
 */
export const migrateSlots = defineFault({
  kind: "migrate-slots",
  summary: "move slots from one master to another",
  lasting: true,
  parameters: parameters(
    {
      from: nodeParameter("whose slots: the master of this node's shard").default("master"),
      to: new Parameter<string, string>({
        ...nodeParameter("").meaning,
        written: z.string().min(1).describe("who gets them: the master of this node's shard, or `other-master`"),
        mentions: (value, path) => (value === OTHER ? [] : (nodeParameter("").meaning.mentions?.(value, path) ?? [])),
      }).default(OTHER),
      slots: slotsParameter.default(1),
      batch: wholeNumberParameter("keys in one MIGRATE (Redis, Valkey)", 1, 1000).default(10),
      pace: wholeNumberParameter(
        "keys a second at most (Redis, Valkey; Kvrocks has `migrate-speed`)",
        1,
        1_000_000,
      ).optional(),
      close: choiceParameter(
        "what the heal phase does with a slot that was left open, as `redis-cli --cluster fix` would: carry on, or take its keys back",
        ["finish", "roll-back"],
      ).default("finish"),
    },
    {
      mentions: () => [{ kind: "mode", name: "slots", path: ["fault"] }],
      check: ({ from, to }, wrong) => {
        if (from === to) wrong("moves slots to whom they are already", ["to"]);
      },
    },
  ),
  inject: async (context, { from, to, slots, batch, pace, close }) => {
    const { cluster, clock, signal } = context;
    const scene = slotScene(cluster);
    const source = scene.slots.masterOf(selectNode(cluster, from).name);
    const target = targetOf(context, to, source);
    const numbers = typeof slots === "number" ? scene.slots.of(source, slots) : slots;
    const foreign = numbers.filter((slot) => !scene.slots.isOwner(source, slot));
    if (numbers.length === 0) throw new ChaosError("infrastructure", `${source} has no slots to move`);
    if (foreign.length > 0)
      throw new ChaosError("infrastructure", `${foreign.slice(0, 5).join(", ")}: no slot of ${source} at this moment`, {
        hint: "`slots: <number>` takes those that the master has.",
      });
    const moves = numbers.map((slot): OpenMove => ({ slot, from: source, to: target, by: context.id, close }));
    const tool = new Tool(context, moves, { batch, pace, signal });
    const started = clock.now();
    const done = tool.run();
    context.onHeal("stop moving slots", () => done);
    await Promise.race([tool.begun, done]);
    if (tool.failure !== null && !tool.hasBegun) throw tool.failure;
    return {
      targets: [source, target],
      effectAt: "heal",
      effect: async () => {
        await done;
        const took = formatDuration(Math.round(tool.ended ?? clock.now()) - Math.round(started));
        const why = tool.failure === null ? "" : `; slot ${tool.at} was left open: ${messageOf(tool.failure)}`;
        const summary = `${tool.moved} of ${moves.length} slots moved from ${source} to ${target} in ${took}, ${tool.keys} keys carried over${why}`;
        return { measured: tool.hasBegun, summary };
      },
    };
  },
});

function targetOf({ cluster }: FaultContext, to: string, source: string): string {
  const { slots } = slotScene(cluster);
  const { masters } = cluster.topology;
  const target = to === OTHER ? masters.find((one) => one !== source) : slots.masterOf(selectNode(cluster, to).name);
  if (target !== undefined && target !== source && masters.includes(target)) return target;
  throw new ChaosError("infrastructure", `${target ?? "nobody"} is no other master than ${source} at this moment`);
}

/** What goes through the slots, one after the other, until one fails or it is told to stop. */
class Tool {
  readonly #context: FaultContext;
  readonly #moves: readonly OpenMove[];
  readonly #pace: Omit<MovePace, "onKeys">;
  #tellBegun = () => {};
  /** Resolves when the first slot is on its way. */
  readonly begun = new Promise<void>((resolve) => {
    this.#tellBegun = resolve;
  });
  hasBegun = false;
  moved = 0;
  keys = 0;
  /** The slot that it is at. */
  at: number | null = null;
  failure: unknown = null;
  /** When it had nothing more to do, run ms. */
  ended: number | null = null;

  constructor(context: FaultContext, moves: readonly OpenMove[], pace: Omit<MovePace, "onKeys">) {
    this.#context = context;
    this.#moves = moves;
    this.#pace = pace;
  }

  /** Never rejects. */
  async run(): Promise<void> {
    try {
      for (const move of this.#moves) await this.#one(move);
    } catch (error) {
      this.failure = error;
    }
    this.ended = this.#context.clock.now();
  }

  async #one(move: OpenMove): Promise<void> {
    const { cluster } = this.#context;
    const { signal } = this.#pace;
    const scene = slotScene(cluster);
    const { slots } = scene;
    const mover = moverOf(scene);
    this.at = move.slot;
    signal.throwIfAborted();
    let keys = 0;
    const step = (share: number, open = true): void =>
      slots.step({
        by: move.by,
        from: slots.masterOf(move.from),
        to: slots.masterOf(move.to),
        progress: (this.moved + share) / this.#moves.length,
        open,
      });
    // From here on it may be open, whatever comes.
    slots.begin(move);
    try {
      await mover.begin(move, signal);
      this.hasBegun = true;
      this.#tellBegun();
      step(0);
      await mover.carry(move, {
        ...this.#pace,
        onKeys: (moved, of) => {
          keys = moved;
          step(of ? moved / of : 0);
        },
      });
      await mover.give(move, signal);
    } catch (error) {
      this.keys += keys;
      slots.leftOpen(
        move,
        keys,
        signal.aborted ? "it was stopped" : messageOf(error),
        isRefusal(error) && !signal.aborted,
      );
      step(0, false);
      throw error;
    }
    this.keys += keys;
    slots.moved(move, keys);
    this.moved++;
    step(0, this.moved < this.#moves.length);
  }
}
