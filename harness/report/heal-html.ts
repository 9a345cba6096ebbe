import type { EventOf } from "../journal/events.ts";
import type { RunRecord } from "../journal/record.ts";
import { escapeHtml } from "./escape.ts";
import { grouped, seconds } from "./wording.ts";

/** How every node was before heal, and what heal told whom and why: nothing that it changes must get lost. */
export function healHtml(record: RunRecord): string {
  const before = record.of("before-heal");
  const repairs = record.of("repair");
  if (before.length === 0 && repairs.length === 0) return "<p>The run did not get to its heal phase.</p>";
  const told = repairs.map(
    ({ t, node, by, why, told: words }) =>
      `<li>${seconds(t)}, ${escapeHtml(`${node} (by ${by}): ${why}; it was told`)} <code>${escapeHtml(words.join("; "))}</code></li>`,
  );
  const left = record.of("topology").filter(({ reason }) => reason.startsWith("as ") && !reason.startsWith("as the "));
  const adopted = left.map(({ t, reason, masters }) => {
    return `<li>${seconds(t)}, ${escapeHtml(`roles stay ${reason}; masters: ${masters.join(", ")}`)}</li>`;
  });
  const rows = before.map(stateRow);
  const compared = record.of("comparison").filter((event) => event.before === "heal");
  const differences = compared.map((event) => `<li>${escapeHtml(comparisonText(event))}</li>`);
  return `${repairs.length === 0 ? "<p>No server was told anything: all were where they should be.</p>" : `<p>Servers that were not where they should be:</p><ul>${told.join("")}</ul>`}${
    adopted.length === 0 ? "" : `<p>Left where the experiment's own commands put it:</p><ul>${adopted.join("")}</ul>`
  }${differences.length === 0 ? "" : `<p>Data before it was overwritten, while load went on:</p><ul>${differences.join("")}</ul>`}${
    rows.length === 0
      ? ""
      : `<details><summary>Every node as it was before heal</summary><div class="scroll" tabindex="0" role="region" aria-label="Nodes before heal"><table><thead><tr><th>Node</th><th>Role</th><th>Replicates from</th><th>Link</th><th class="n">Offset</th><th>Slots</th></tr></thead><tbody>${rows.join("")}</tbody></table></div></details>`
  }`;
}

function stateRow({ node, role, master, link, offset, slots }: EventOf<"before-heal">): string {
  const ranges = slots?.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(" ") ?? "–";
  return `<tr><td>${escapeHtml(node)}</td><td>${role}</td><td>${escapeHtml(master ?? "–")}</td><td>${link}</td><td class="n">${offset === null ? "–" : grouped(offset)}</td><td>${escapeHtml(ranges)}</td></tr>`;
}

function comparisonText({ replica, master, different, complete, why }: EventOf<"comparison">): string {
  const rest = complete ? "" : `, as far as it was read (${why ?? "no reason given"})`;
  return `${replica} differed from ${master} in ${different} keys${rest}`;
}
