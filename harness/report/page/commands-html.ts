import { shortenCounted } from "../../base/shorten.ts";
import { counted, formatTime } from "../../base/units.ts";
import type { RunRecord } from "../../journal/record.ts";
import { type AdminCommand, adminCommands } from "../../journal/view/admin-commands.ts";
import { type Html, html } from "../html/markup.ts";
import { scrolling, table } from "../html/table.ts";
import type { RunSummary } from "../run-summary.ts";

const MOST_ROWS = 100;
const MOST_CHARS = 160;
/** An answer so much later than a command's own timeout is told as late, ms. */
const LATE_MS = 1_000;

/** The commands that faults gave servers on connections of their own, and what became of each; null: there were none. */
export function commandsHtml(record: RunRecord, { watchEnd }: RunSummary): Html | null {
  const all = adminCommands(record, watchEnd).filter(({ sent }) => sent.expected !== undefined);
  if (all.length === 0) return null;
  // Where there is no room for all, the ones without answer are those that somebody looks for.
  const shown = [...all].sort((a, b) => Number(a.end !== null) - Number(b.end !== null)).slice(0, MOST_ROWS);
  const rows = shown
    .sort((a, b) => a.sent.t - b.sent.t)
    .map((command) => {
      const { t, by, node, argv, command: name } = command.sent;
      const words = html`<code>${shortenCounted(argv?.join(" ") ?? name, MOST_CHARS)}</code>`;
      return [formatTime(t), by, node, words, outcome(command, watchEnd)];
    });
  const left = all.length > rows.length && html`<p>truncated: ${rows.length} of ${counted(all.length, "command")}</p>`;
  return html`${scrolling("Commands", table(["Sent", "Fault", "Node", "Command", "Answer"], rows))}${left}`;
}

function outcome({ sent, overdue, end }: AdminCommand, watchEnd: number): string {
  const { expected = null, clients } = sent;
  const many = clients === undefined ? "" : `${clients} clients: `;
  if (end === null) {
    const waited = formatTime(watchEnd - sent.t);
    if (expected === null) return `${many}none in ${waited}; it never has to be answered`;
    const who = clients === undefined ? "" : `${overdue?.waiting ?? clients} of ${clients} clients: `;
    const flags = overdue?.flags ? `; client flags ${overdue.flags}` : "";
    return `${who}none in ${waited}${expected > 0 ? `; its own timeout is ${formatTime(expected)}` : ""}${flags}`;
  }
  const ms = end.ms ?? end.t - sent.t;
  const late = expected !== null && expected > 0 && ms - expected > LATE_MS;
  const after = `after ${formatTime(ms)}${late ? `, ${formatTime(ms - expected)} later than its own timeout` : ""}`;
  const text = end.step === "lost" ? (end.detail ?? "") : (end.reply ?? end.detail ?? "");
  return `${many}${end.step} ${after}${text === "" ? "" : `: ${shortenCounted(text, MOST_CHARS)}`}`;
}
