import { formatCount, formatTime } from "../../base/units.ts";
import type { EventOf } from "../../journal/events.ts";
import type { RunRecord } from "../../journal/record.ts";
import { bullets, folded } from "../html/lists.ts";
import { type Html, type HtmlContent, html } from "../html/markup.ts";
import { numbers, scrolling, table } from "../html/table.ts";

/** Of each list. */
const MOST = 50;
const MOST_SLOTS = 20;

/** How every node was before heal, and what heal told whom and why: nothing that it changes must get lost. */
export function healHtml(record: RunRecord): Html {
  const before = record.of("before-heal");
  const repairs = record.of("repair");
  if (before.length === 0 && repairs.length === 0) return html`<p>The run did not get to its heal phase.</p>`;
  const told = repairs.map(
    ({ t, node, by, why, told: words }) =>
      html`${formatTime(t)}, ${node} (by ${by}): ${why}; it was told <code>${words.join("; ")}</code>`,
  );
  const left = record.of("topology").filter(({ leftBy }) => leftBy !== undefined);
  const adopted = left.map(
    ({ t, reason, masters }) => `${formatTime(t)}, roles stay ${reason}; masters: ${masters.join(", ")}`,
  );
  const unseen = notLookedAt(record).map(({ about, text }) => `${about}: ${text}`);
  const compared = record.of("comparison").filter((event) => event.before === "heal");
  return html`${[
    repairs.length === 0
      ? html`<p>No server was told anything${nobodyTold(record)}.</p>`
      : list("Servers that were not where they should be:", told),
    list(html`Left where the experiment's own commands put it:`, adopted),
    list("Not healed to the end:", unseen),
    list("Data before it was overwritten, while load went on:", compared.map(comparisonText)),
    statesHtml(before),
  ]}`;
}

function list(title: HtmlContent, items: readonly HtmlContent[]): HtmlContent {
  if (items.length === 0) return null;
  const rest = items.length > MOST ? [`and ${formatCount(items.length - MOST)} more`] : [];
  return html`<p>${title}</p>${bullets([...items.slice(0, MOST), ...rest])}`;
}

/** Nodes whose role heal could not look at, or set (run/recovery/heal.ts). */
function notLookedAt(record: RunRecord): EventOf<"note">[] {
  return record.of("note").filter(({ kind }) => kind === "not-healed");
}

function nobodyTold(record: RunRecord): HtmlContent {
  const { ruler } = record.view;
  if (ruler !== "operator") return html`: roles are the ${ruler}' affair`;
  if (record.plan?.experiment.reconcile === "none") return ": the experiment wants it so";
  return notLookedAt(record).length === 0 && ": all were where they should be";
}

function statesHtml(before: readonly EventOf<"before-heal">[]): HtmlContent {
  if (before.length === 0) return null;
  const columns = ["Node", "Role", "Replicates from", "Link", numbers("Offset"), "Slots"];
  const states = scrolling("Nodes before heal", table(columns, before.map(stateCells)));
  return folded("Every node as it was before heal", states);
}

function stateCells({ node, role, master, link, offset, slots }: EventOf<"before-heal">): string[] {
  const shown = slots?.slice(0, MOST_SLOTS).map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`));
  const more = (slots?.length ?? 0) > MOST_SLOTS ? [`and ${formatCount((slots?.length ?? 0) - MOST_SLOTS)} more`] : [];
  const ranges = shown ? [...shown, ...more].join(" ") || "none" : "–";
  return [node, role, master ?? "–", link, offset === null ? "–" : formatCount(offset), ranges];
}

function comparisonText({ replica, master, different, complete, why }: EventOf<"comparison">): string {
  const rest = complete ? "" : `, as far as it was read (${why ?? "no reason given"})`;
  return `${replica} differed from ${master} in ${different} keys${rest}`;
}
