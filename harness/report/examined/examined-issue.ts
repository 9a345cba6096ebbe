import { fenced, inlineMarkdown } from "../../base/escape.ts";
import { shortenCounted } from "../../base/shorten.ts";
import { textTable } from "../../base/text-table.ts";
import { counted } from "../../base/units.ts";
import type { Examination } from "../../journal/examination.ts";
import { cutMarkdown } from "../ci/cut-markdown.ts";
import { headline, howText, infoDigest, restText, stateText } from "./examined-words.ts";
import { sortedEdges, waitText } from "./rows.ts";

/** GitHub refuses texts above 64 KiB. */
const MOST_BYTES = 60_000;
const MOST = { sentence: 3_000, waits: 60, groups: 40, frames: 24, log: 30, sockets: 20 };

/** issue.md of an examination: what a maintainer asks for, ready to paste. What proves and what only points somewhere stand apart. */
export function examinedIssue(examination: Examination): string {
  const { verdict, name, groups, threads, log, answers, missing, facts, host } = examination;
  const line = (text: string) => inlineMarkdown(shortenCounted(text, MOST.sentence));
  const parts: [title: string, text: string | null][] = [
    ["What is seen", `**${headline(examination)}**: ${line(name)}\n\n${line(verdict.sentence)}`],
    ["Proof", verdict.proofs.length > 0 ? fenced(verdict.proofs.join("\n")) : null],
    ["Hints (they prove nothing)", bulleted(verdict.hints.map(line))],
    ["Who waits for whom", waitsText(examination)],
    [
      `Stacks: ${counted(threads.length, "thread")} in ${counted(groups.length, "group")}`,
      fenced(groupsText(examination)),
    ],
    ["Sockets with something in their queues", socketsText(examination)],
    [
      "The server's own answer",
      bulleted(
        answers.map(({ to, asked, text, why }) =>
          line(`${to} ${asked}: ${text === null ? `no answer, ${why}` : infoDigest(text)}`),
        ),
      ),
    ],
    ["Known besides", bulleted(facts.map(line))],
    [
      "Log",
      log &&
        fenced(
          log.lines
            .slice(-MOST.log)
            .map((one) => shortenCounted(one, 600))
            .join("\n"),
        ),
    ],
    ["Not seen", bulleted(missing.map(({ what, why }) => line(`${what}: ${why}`)))],
    ["Environment", line(`Linux ${host.kernel}, ${host.cores} processors`)],
  ];
  const text = parts.flatMap(([title, body]) => (body === null ? [] : [`### ${title}\n\n${body}`])).join("\n\n");
  const whole = `${text}\n\n${line(howText(examination))}\n`;
  if (Buffer.byteLength(whole) <= MOST_BYTES) return whole;
  return cutMarkdown(whole, MOST_BYTES, (kept) => `(truncated: ${kept} of ${whole.length} characters)`);
}

function bulleted(lines: readonly string[]): string | null {
  return lines.length === 0 ? null : lines.map((one) => `- ${one}`).join("\n");
}

function waitsText(examination: Examination): string | null {
  const edges = sortedEdges(examination);
  if (edges.length === 0) return null;
  const inCycle = new Set(examination.graph?.cycles.flat() ?? []);
  const text = waitText(examination);
  const lines = edges.slice(0, MOST.waits).map((edge) => `${inCycle.has(edge.from) ? "* " : "  "}${text(edge)}`);
  const legend = inCycle.size > 0 ? ["", "* in the cycle"] : [];
  const more = edges.length > MOST.waits ? [`… and ${edges.length - MOST.waits} more`] : [];
  return fenced([...lines, ...more, ...legend].join("\n"));
}

function groupsText({ groups }: Examination): string {
  const rows = groups
    .slice(0, MOST.groups)
    .map((group) => [
      `${group.count}`,
      stateText(group),
      `${group.cpu} %`,
      restText(group),
      group.comms.slice(0, 5).join(", "),
      group.waitsFor,
    ]);
  const table = textTable([["threads", "state", "CPU", "rested for", "names", "waits for"], ...rows]);
  const stacks = groups.slice(0, MOST.groups).flatMap(({ frames, count, comms }) => {
    if (!frames || frames.length === 0) return [];
    return [
      "",
      `${counted(count, "thread")} (${comms.slice(0, 5).join(", ")})`,
      ...frames.slice(0, MOST.frames).map((frame, i) => `  #${i} ${frame}`),
    ];
  });
  return [...table, ...stacks].join("\n");
}

function socketsText({ sockets }: Examination): string | null {
  const full = sockets.filter(({ unread, unsent }) => unread + unsent > 0).slice(0, MOST.sockets);
  if (full.length === 0) return null;
  const rows = full.map(({ state, local, peer, unread, unsent }) => [
    state,
    local,
    peer ?? "-",
    `${unread}`,
    `${unsent}`,
  ]);
  return fenced(textTable([["state", "local", "peer", "unread", "unsent"], ...rows]).join("\n"));
}
