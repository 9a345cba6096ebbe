import { formatSeconds } from "../../base/units.ts";
import { selectName } from "../../faults/selector.ts";
import type { EventOf, NodeState } from "../../journal/events.ts";
import type { Expectation } from "../../journal/expectation.ts";
import type { RunRecord } from "../../journal/record.ts";
import { baselines, serviceOf, serviceText } from "../service/service.ts";
import { goalOf, sourceOf } from "../service/service-goal.ts";
import type { Window } from "./expectation-window.ts";

/** Of a load with a rate, so much of it is to be served in each second. */
const RATE_SHARE = 0.5;

/** What was seen of the expected at one moment. */
interface Sight {
  t: number;
  /** It holds; of an event: it happened. */
  holds: boolean;
  /** "its full sync was at 25 %", for what was seen instead. */
  words: string;
}

/**
 * All that was seen of an expectation, in order of time. `events`: it happens in a moment. Else it is a state that lasts: `polls` are
 * its samples, `changes` are all there is to tell.
 */
export interface Sights {
  kind: "events" | "polls" | "changes";
  sights: readonly Sight[];
}

export function sightsOf(record: RunRecord, { id, node, what }: Expectation): Sights {
  const meant: Meant = (name, t) => nodeAt(record, node, t) === name;
  switch (what.kind) {
    case "full-sync-done":
      return { kind: "events", sights: syncSights(record, meant) };
    case "log": {
      const lines = record.of("expectation-match").filter((one) => one.id === id);
      return { kind: "events", sights: lines.map(({ t, line }) => ({ t, holds: true, words: line })) };
    }
    case "state":
      return { kind: "polls", sights: stateSights(record, what.state, meant) };
    case "condition": {
      const own = record.of("condition").filter(({ node: name, since }) => meant(name, since));
      const told = own.map(({ since, now, why }) => ({ t: since, holds: now === "healthy", words: `${now}: ${why}` }));
      return { kind: "changes", sights: told };
    }
    case "served":
      return { kind: "polls", sights: loadSights(record, what.load) };
  }
}

/**
 * Did it come about in the window? A state does when it was seen to begin, or to hold from the window's beginning to its end: one
 * that was still there at the beginning, and was lost, has not. null: nothing was seen in the window.
 */
export function cameAbout({ kind, sights }: Sights, { from, to }: Pick<Window, "from" | "to">): boolean | null {
  const inside = sights.filter(({ t }) => t >= from && t <= to);
  if (kind === "events") return inside.some(({ holds }) => holds);
  const before = sights.findLast(({ t }) => t < from);
  if (kind === "changes" && before) inside.unshift(before);
  if (inside.length === 0) return null;
  const began = inside.some(({ holds }, i) => holds && (i === 0 ? before : inside[i - 1])?.holds === false);
  return began || inside.every(({ holds }) => holds);
}

/** The node that is meant at a time; null: none. */
export function nodeAt(record: RunRecord, selector: string | null, t: number): string | null {
  if (selector === null) return null;
  const names = record.view.nodes.map(({ name }) => name);
  const topology = record.view.topologyAt(t);
  return (topology && selectName(selector, names, topology)) ?? null;
}

/** Is this node the one that is meant, at that time? Roles move. */
type Meant = (node: string, t: number) => boolean;

/** Steps that the log tells, and polls in between, which say how far it is where INFO does; else what the last step said goes on. */
function syncSights(record: RunRecord, meant: Meant): Sight[] {
  const polls = record.of("node-state").filter(({ state }) => state.syncing);
  const all = [...record.of("full-sync"), ...polls].filter(({ node, t }) => meant(node, t));
  let known: string | null = null;
  return all
    .sort((a, b) => a.t - b.t)
    .map((one) => {
      if (one.type === "full-sync") {
        const words = syncWords(one);
        known = one.step === "progress" || one.step === "restoring" ? words : null;
        return { t: one.t, holds: one.step === "done", words };
      }
      const { syncProgress } = one.state;
      const far = syncProgress === null ? null : `its full sync was at ${Math.floor(syncProgress * 100)} %`;
      return { t: one.t, holds: false, words: far ?? known ?? "its full sync was under way" };
    });
}

function syncWords({ step, done, total }: EventOf<"full-sync">): string {
  const files = done === null ? "" : ` (file ${done}${total === null ? "" : ` of ${total}`})`;
  if (step === "start") return "its full sync had begun";
  if (step === "done") return "its full sync was done";
  if (step === "failed") return `its full sync had failed${files}`;
  if (step === "ended") return `its full sync was left${files}`;
  return step === "restoring" ? "it was loading the copy" : `its full sync was under way${files}`;
}

type State = Extract<Expectation["what"], { kind: "state" }>["state"];

function stateSights(record: RunRecord, wanted: State, meant: Meant): Sight[] {
  const polls = record
    .of("node-state")
    .filter(({ node }) => !record.view.isControl(node))
    .map(({ t, node, state }) => ({ t, node, holds: holds(wanted, state), words: stateWords(state) }));
  // It can begin and end between two polls.
  const steps =
    wanted !== "full-sync"
      ? []
      : record.of("full-sync").map((one) => {
          const underWay = one.step === "start" || one.step === "progress" || one.step === "restoring";
          return { t: one.t, node: one.node, holds: underWay, words: syncWords(one) };
        });
  return [...polls, ...steps].filter(({ node, t }) => meant(node, t)).sort((a, b) => a.t - b.t);
}

function holds(wanted: State, { role, link, syncing, loading }: NodeState): boolean {
  switch (wanted) {
    case "master":
    case "replica":
      return role === wanted;
    case "link-up":
      return role === "replica" && link === "up";
    case "link-down":
      return role === "replica" && link === "down";
    case "full-sync":
      return syncing;
    case "loading":
      return loading;
  }
}

function stateWords({ role, link, linkDetail, syncing, loading }: NodeState): string {
  const linked = role === "replica" ? [`link ${link}${linkDetail ? ` ${linkDetail}` : ""}`] : [];
  const busy = [...(syncing ? ["in full sync"] : []), ...(loading ? ["loading"] : [])];
  return [`it said ${role}`, ...linked, ...busy].join(", ");
}

/** Second by second, as the check `serves` judges it; of a load with a rate, so much of it besides. */
function loadSights(record: RunRecord, load: string): Sight[] {
  const rate = rateOf(record, load);
  const source = sourceOf(record);
  const baseline = baselines(record).get(load) ?? null;
  return record
    .of("load")
    .filter((one) => one.load === load)
    .map((sample) => {
      // Roles move: what is meant is what was meant then.
      const topologies = source.topologies.filter(({ t }) => t <= sample.t);
      const services = serviceOf(load, [sample], baseline, goalOf(load, { ...source, topologies }));
      const bad = services.find(({ state }) => state !== "served");
      const enough = rate === null || sample.ok >= RATE_SHARE * rate * sample.seconds;
      const where = bad?.node ? ` on ${bad.node}` : "";
      const words = bad ? `${serviceText(bad)}${where}` : `${sample.ok} operations in ${sample.seconds.toFixed(1)} s`;
      return { t: sample.t, holds: bad === undefined && sample.ok > 0 && enough, words };
    });
}

/** Operations per second that the plan asks for; null: as many as can be. */
function rateOf(record: RunRecord, load: string): number | null {
  return record.plan?.experiment.load.find(({ name }) => name === load)?.rate ?? null;
}

/** The last thing seen in or before the window, with its moment; null: nothing was. */
export function lastSeen({ sights }: Sights, { to }: Pick<Window, "to">): string | null {
  const last = sights.findLast(({ t }) => t <= to);
  return last ? `${last.words} at ${formatSeconds(last.t)}` : null;
}
