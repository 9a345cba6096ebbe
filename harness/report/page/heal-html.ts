import { escapeHtml } from "../../base/escape.ts";
import type { EventOf } from "../../journal/events.ts";
import type { RunRecord } from "../../journal/record.ts";
import { rulerOf } from "../../journal/ruler.ts";
import { grouped, seconds } from "../wording.ts";

/** Of each list. */
const MOST = 50;
const MOST_SLOTS = 20;

/** How every node was before heal, and what heal told whom and why: nothing that it changes must get lost. */
export function healHtml(record: RunRecord): string {
  const before = record.of("before-heal");
  const repairs = record.of("repair");
  if (before.length === 0 && repairs.length === 0) return "<p>The run did not get to its heal phase.</p>";
  const told = repairs.map(
    ({ t, node, by, why, told: words }) =>
      `${seconds(t)}, ${escapeHtml(`${node} (by ${by}): ${why}; it was told`)} <code>${escapeHtml(words.join("; "))}</code>`,
  );
  const left = record.of("topology").filter(({ reason }) => reason.startsWith("as ") && reason.endsWith(" left it"));
  const adopted = left.map(({ t, reason, masters }) => {
    return `${seconds(t)}, ${escapeHtml(`roles stay ${reason}; masters: ${masters.join(", ")}`)}`;
  });
  const unseen = notLookedAt(record).map(({ about, text }) => escapeHtml(`${about}: ${text}`));
  const compared = record.of("comparison").filter((event) => event.before === "heal");
  return [
    repairs.length === 0 ? `<p>${nobodyTold(record)}</p>` : list("Servers that were not where they should be:", told),
    list("Left where the experiment's own commands put it:", adopted),
    list("Not healed to the end:", unseen),
    list(
      "Data before it was overwritten, while load went on:",
      compared.map((event) => escapeHtml(comparisonText(event))),
    ),
    statesHtml(before),
  ].join("");
}

function list(title: string, items: readonly string[]): string {
  if (items.length === 0) return "";
  const rest = items.length > MOST ? `<li>and ${grouped(items.length - MOST)} more</li>` : "";
  const shown = items.slice(0, MOST).map((item) => `<li>${item}</li>`);
  return `<p>${title}</p><ul>${shown.join("")}${rest}</ul>`;
}

/** Nodes whose role heal could not look at, or set (run/recovery/heal.ts). */
function notLookedAt(record: RunRecord): EventOf<"note">[] {
  return record
    .of("note")
    .filter(({ text }) => /^its role (was not looked at|could not be set) while healing/.test(text));
}

function nobodyTold(record: RunRecord): string {
  const plan = record.first("run")?.plan as { experiment?: { reconcile?: unknown } } | undefined;
  const ruler = rulerOf(record.last("cluster"));
  if (ruler !== "operator") return `No server was told anything: roles are the ${ruler}' affair.`;
  if (plan?.experiment?.reconcile === "none") return "No server was told anything: the experiment wants it so.";
  if (notLookedAt(record).length > 0) return "No server was told anything.";
  return "No server was told anything: all were where they should be.";
}

function statesHtml(before: readonly EventOf<"before-heal">[]): string {
  if (before.length === 0) return "";
  const rows = before.map(stateRow).join("");
  return `<details><summary>Every node as it was before heal</summary><div class="scroll" tabindex="0" role="region" aria-label="Nodes before heal"><table><thead><tr><th>Node</th><th>Role</th><th>Replicates from</th><th>Link</th><th class="n">Offset</th><th>Slots</th></tr></thead><tbody>${rows}</tbody></table></div></details>`;
}

function stateRow({ node, role, master, link, offset, slots }: EventOf<"before-heal">): string {
  const shown = slots?.slice(0, MOST_SLOTS).map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`));
  const more = (slots?.length ?? 0) > MOST_SLOTS ? [`and ${grouped((slots?.length ?? 0) - MOST_SLOTS)} more`] : [];
  const ranges = shown ? [...shown, ...more].join(" ") || "none" : "–";
  return `<tr><td>${escapeHtml(node)}</td><td>${role}</td><td>${escapeHtml(master ?? "–")}</td><td>${link}</td><td class="n">${offset === null ? "–" : grouped(offset)}</td><td>${escapeHtml(ranges)}</td></tr>`;
}

function comparisonText({ replica, master, different, complete, why }: EventOf<"comparison">): string {
  const rest = complete ? "" : `, as far as it was read (${why ?? "no reason given"})`;
  return `${replica} differed from ${master} in ${different} keys${rest}`;
}
