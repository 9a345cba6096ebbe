import { shorten } from "../../base/shorten.ts";
import { counted, formatTime } from "../../base/units.ts";
import type { Examination, ExaminedGroup } from "../../journal/examination.ts";
import { waitGraphSvg } from "../finding/wait-graph-svg.ts";
import { bullets, definitions, folded, truncatedNote, verbatim } from "../html/lists.ts";
import { type Html, type HtmlContent, html } from "../html/markup.ts";
import { htmlPage } from "../html/page.ts";
import { numbers, scrolling, table } from "../html/table.ts";
import { headline, howText, infoDigest, restText, stateText } from "./examined-words.ts";
import { PROCESS_HEAD, processRow, sortedEdges, waitText } from "./rows.ts";

/** A page of some hundred kilobytes: examination.json has all. */
const MOST = {
  edges: 200,
  groups: 120,
  processes: 300,
  sockets: 200,
  files: 400,
  threads: 1_000,
  text: 120_000,
  sentence: 4_000,
};

/** report.html of an examination: one file, no network, no script. */
export function examinedHtml(examination: Examination): string {
  const { name, kvchaos, verdict } = examination;
  const sections: [title: string, body: HtmlContent][] = [
    ["Proved", list(verdict.proofs, "proof")],
    ["Hints, which prove nothing", list(verdict.hints)],
    ["Who waits for whom", graphHtml(examination)],
    ["Threads", groupsHtml(examination)],
    ["Processes", processesHtml(examination)],
    ["The server itself", answersHtml(examination)],
    ["Known besides", list(examination.facts)],
    ["Sockets", socketsHtml(examination)],
    ["Open files", filesHtml(examination)],
    ["Log", logHtml(examination)],
    ["Stacks with function names, by gdb", gdbHtml(examination)],
    ["Every thread", threadsHtml(examination)],
    ["Not seen", missingHtml(examination)],
  ];
  const shown = sections.flatMap(([title, body]) =>
    body ? [html`<section><h2>${title}</h2>\n${body}</section>`] : [],
  );
  return htmlPage({
    title: `${headline(examination)}: ${name}`,
    header: headHtml(examination),
    main: html.lines(shown),
    footer: html`Made by kvchaos ${kvchaos} from examination.json. ${howText(examination)}`,
    script: null,
  }).text;
}

function headHtml(examination: Examination): Html {
  const { verdict, name, asked, container, kind, host, window } = examination;
  const tone = verdict.proved ? "fail" : verdict.class === "nothing" ? "pass" : "inconclusive";
  const where = container && `${container.id.slice(0, 12)} (${container.by})`;
  const facts = definitions(
    [
      ["Asked for", asked],
      ["Container", where],
      ["When", examination.at],
      ["Machine", `Linux ${host.kernel}, ${counted(host.cores, "processor")}`],
      [
        "How",
        kind === "core"
          ? "read from a core file"
          : `three looks within ${formatTime(window)}; nothing was stopped for them`,
      ],
      ["Stopped by gdb", examination.gdb && `for ${examination.gdb.stoppedMs} ms`],
    ],
    "facts",
  );
  return html`<p class="quiet">kvchaos examine: ${name}</p>
<p><span class="verdict v-${tone}">${headline(examination)}</span></p>
<h1>${shorten(verdict.sentence, 600)}</h1>
${facts}`;
}

function list(sentences: readonly string[], style?: string): HtmlContent {
  const shown = sentences.map((sentence) => shorten(sentence, MOST.sentence));
  if (style !== undefined)
    return shown.length > 0 && shown.map((one) => html`<p class="${style}"><strong>Proof.</strong> ${one}</p>`);
  return shown.length > 0 && bullets(shown);
}

function graphHtml(examination: Examination): HtmlContent {
  const { graph, threads, verdict } = examination;
  if (!graph || graph.edges.length === 0) return null;
  const svg = waitGraphSvg(graph, threads, shorten(verdict.sentence, MOST.sentence));
  const inCycle = new Set(graph.cycles.flat());
  const text = waitText(examination);
  const edges = sortedEdges(examination);
  const items = edges
    .slice(0, MOST.edges)
    .map((edge) => (inCycle.has(edge.from) ? html`<strong>${text(edge)}</strong>` : text(edge)));
  const cycle = inCycle.size > 0 && " Red is the cycle: none of these can go on before the next one does.";
  const legend = html`<p class="quiet">An arrow leads from a thread to what it waits for. Ids are those of the host.${cycle} “For” is how long the thread has had no processor, at least.</p>`;
  return [
    svg && scrolling("Wait-for graph", svg),
    legend,
    html`${bullets(items)}${truncatedNote(items.length, edges.length, "waits")}`,
  ];
}

function groupsHtml({ groups, graph, threads, window }: Examination): HtmlContent {
  if (groups.length === 0) return null;
  const inCycle = new Set(graph?.cycles.flat() ?? []);
  const rows = groups.slice(0, MOST.groups).map((group) => {
    const proves = group.tids.some((tid) => inCycle.has(tid));
    const tids = `${group.tids.slice(0, 12).join(", ")}${group.tids.length > 12 ? ", …" : ""}`;
    const names = html`${shorten(group.comms.join(", "), 400)}<br><span class="quiet">${tids}</span>`;
    const cells = [
      group.count,
      names,
      stateText(group),
      `${group.cpu} %`,
      restText(group),
      [group.waitsFor, stackHtml(group, proves)],
    ];
    return { mark: proves ? "in-cycle" : null, cells };
  });
  const columns = [numbers("Threads"), "Names and ids", "State", numbers("CPU"), "Rested for", "Waits for"];
  const watched = window > 0 ? `, watched for ${formatTime(window)}` : "";
  const cut = truncatedNote(rows.length, groups.length, "groups");
  return html`<p>${counted(threads.length, "thread")} in ${counted(groups.length, "group")} of the same state and stack${watched}${cut}.</p>${scrolling("Threads", table(columns, rows, "threads"))}`;
}

function stackHtml({ frames = [] }: ExaminedGroup, open: boolean): HtmlContent {
  if (frames.length === 0) return null;
  const summary = `${counted(frames.length, "frame")}: ${frames.slice(0, 2).join(" ← ")}`;
  return folded(summary, verbatim(frames.map((frame, i) => `#${i} ${frame}`).join("\n")), open);
}

function processesHtml({ processes, moreProcesses }: Examination): HtmlContent {
  if (processes.length === 0) return null;
  const rows = processes.slice(0, MOST.processes).map(processRow);
  const commands = processes
    .slice(0, MOST.processes)
    .map(({ pid, exe, cmdline }) => `${pid} ${exe ?? "?"}: ${shorten(cmdline.join(" "), 600)}`);
  const limits = processes
    .slice(0, 1)
    .flatMap(({ limits: all }) => Object.entries(all).map(([name, value]) => `${name}: ${value}`));
  return [
    scrolling("Processes", table([...PROCESS_HEAD], rows)),
    moreProcesses > 0 && html`<p>${counted(moreProcesses, "more process")} left out.</p>`,
    folded("Programs and arguments", bullets(commands)),
    limits.length > 0 && folded("Limits of the first", bullets(limits)),
  ];
}

function answersHtml({ answers }: Examination): HtmlContent {
  if (answers.length === 0) return null;
  return answers.map(({ to, asked, text, why, ms }) =>
    text === null
      ? html`<p><strong>${to} gave no answer to ${asked}</strong>: ${why}</p>`
      : html`<p>${to} answered ${asked} within ${ms} ms: ${infoDigest(text)}</p>${folded(asked, verbatim(shorten(text, MOST.text)))}`,
  );
}

function socketsHtml({ sockets }: Examination): HtmlContent {
  if (sockets.length === 0) return null;
  const rows = sockets.slice(0, MOST.sockets).map(({ pid, fd, state, local, peer, unread, unsent, stuck }) => {
    return { mark: stuck ? "marked" : null, cells: [`${pid}`, `${fd}`, state, local, peer ?? "", unread, unsent] };
  });
  const full = sockets.filter(({ unread, unsent }) => unread + unsent > 0).length;
  const columns = ["Process", "fd", "State", "Local", "Peer", numbers("Unread bytes"), numbers("Unsent bytes")];
  const says = `${counted(sockets.length, "TCP socket")}, ${full} with something in their queues. Of one that listens, “unread” counts connections that nobody has accepted. Marked: nobody took anything out.`;
  return folded(says, scrolling("Sockets", table(columns, rows)), full > 0);
}

function filesHtml({ files }: Examination): HtmlContent {
  if (files.length === 0) return null;
  const rows = files.slice(0, MOST.files).map(({ pid, fd, path }) => [`${pid}`, `${fd}`, path]);
  return folded(
    `${counted(files.length, "file")}${truncatedNote(rows.length, files.length)}`,
    scrolling("Open files", table(["Process", "fd", "File"], rows)),
  );
}

function logHtml({ log }: Examination): HtmlContent {
  return log && [definitions([["The last lines of", log.from]]), verbatim(shorten(log.lines.join("\n"), MOST.text))];
}

function gdbHtml({ gdb }: Examination): HtmlContent {
  if (!gdb) return null;
  const stopped = html`<p>gdb stopped it for ${gdb.stoppedMs} ms.</p>`;
  const why = gdb.why !== null && html`<p>No stacks of ${gdb.why}</p>`;
  if (gdb.text === "") return [stopped, why];
  return html`${stopped}${why}${folded("Stacks", verbatim(shorten(gdb.text, MOST.text)))}`;
}

function threadsHtml({ threads }: Examination): HtmlContent {
  if (threads.length === 0) return null;
  const rows = threads
    .slice(0, MOST.threads)
    .map((one) => [
      `${one.tid}${one.nsTid === one.tid ? "" : ` (${one.nsTid})`}`,
      ...[one.comm, one.state, one.call ?? "not readable", one.wchan ?? "", `${one.cpu} %`, formatTime(one.cpuMs)],
      ...[
        one.restedFor === null ? "" : formatTime(one.restedFor),
        (one.stack ?? []).map((line) => line.replace(/^\[<0>\] /, "")).join(" ← "),
      ],
    ]);
  const columns = [
    "Thread",
    "Name",
    "State",
    "System call",
    "Kernel function",
    numbers("CPU"),
    numbers("CPU in all"),
    "Rested for",
    "Kernel stack",
  ];
  return folded(
    `${counted(threads.length, "thread")}${truncatedNote(rows.length, threads.length)}`,
    scrolling("Every thread", table(columns, rows)),
  );
}

function missingHtml({ missing }: Examination): HtmlContent {
  if (missing.length === 0) return null;
  return bullets(
    missing.map(
      ({ what, why, how }) => html`<strong>${what}</strong>: ${why}${how !== null && html`<br>What to do: ${how}`}`,
    ),
  );
}
