import { counted, formatCount, formatTime } from "../../base/units.ts";
import { labelOf } from "../../checks/causes.ts";
import type { Finding, NodeState } from "../../journal/events.ts";
import type { RunRecord } from "../../journal/record.ts";
import { faultsBefore } from "../fault-words.ts";
import { predictedText } from "../foreseen/foreseen-text.ts";
import { bullets, definitions, folded } from "../html/lists.ts";
import { type Html, type HtmlContent, html } from "../html/markup.ts";
import { table } from "../html/table.ts";
import { keyLifeHtml } from "../key-life/key-life-html.ts";
import type { RunSummary } from "../run-summary.ts";
import { confidence, spanText } from "../verdict-text.ts";
import { capturesHtml, capturesOf, shortenProof } from "./capture-html.ts";
import { limitCurveHtml } from "./limit-curve.ts";
import { logWindowHtml } from "./log-window.ts";
import type { RunFiles } from "./run-files.ts";
import { type ShownFinding, scrollingOf } from "./shown-finding.ts";
import { coverText } from "./watching-text.ts";

const MOST_FINDINGS = 40;
/** Closer together than this, two findings of a node have the same log lines around them. */
const SAME_MS = 5000;

/** What a type of finding means, for a reader who never saw the word. */
const MEANINGS: Readonly<Record<Finding["type"], string>> = {
  hang: "a server does not answer, or not on all connections",
  crash: "a server ended without being asked to",
  divergence: "a replica holds other data than its master",
  "lost-write": "a write that was acknowledged is gone",
  "resurrected-key": "what was deleted or flushed is there again",
  "phantom-value": "a value that nobody wrote",
  "stale-read": "a read shows an older value than the one that had to be there",
  "not-linearizable": "no order of the operations explains what was read",
  "wrong-count": "a counter is not the sum of what was acknowledged",
  "torn-write": "keys that are only written together hold different values",
  "wrong-delivery": "an element of a queue was lost, delivered twice, or never pushed",
  "split-brain": "somebody else is master than the operator wants",
  "stuck-replication": "everybody answers, but a replica does not move on",
  "full-sync": "a replica copies all data again and again, or more often than the experiment allows",
  "memory-growth": "a server uses more memory than the experiment allows",
  limit: "a limit of the experiment did not hold",
  "slow-recovery": "not serving and replicating again in time",
  "shutdown-hang": "a server does not end when it is asked to",
  unavailable: "clients are not served again after every fault was healed",
  protocol: "what a server sends is no reply, or not the one to the command that was sent",
  "unmet-expectation": "what the experiment expects on the way did not come about in time",
  slots: "a slot that has not exactly one owner, that would not move, or whose keys are not where they belong",
  failover:
    "whoever rules the cluster replaced a master without need, or did not when it had to, or says otherwise than the servers",
  "lock-order": "a deadlock that did not happen, and that the order in which threads take locks makes possible",
};

/** Every finding with what proves it and where the evidence lies. The first ones get what room there is in `files`. */
export async function findingsHtml(record: RunRecord, run: RunSummary, files: RunFiles): Promise<Html> {
  const parts: Html[] = [];
  for (const [i, finding] of run.findings.slice(0, MOST_FINDINGS).entries())
    parts.push(await findingHtml({ record, run, finding, number: i + 1, files }));
  if (run.findings.length > parts.length)
    parts.push(html`<p>truncated: ${parts.length} of ${run.findings.length} findings; result.json has all.</p>`);
  return html.lines(parts);
}

async function findingHtml(shown: ShownFinding): Promise<Html> {
  const { record, run, finding, number } = shown;
  const { type, class: kind, node, summary, proof, consequenceOf, detail } = finding;
  const said = text(detail?.observed);
  const before = run.findings.slice(0, number - 1).findIndex((other) => sameMoment(record, other, finding));
  return html.lines([
    html`<article class="finding" id="finding-${number}">`,
    html`<h3>${number}. ${type}: ${kind} on ${node ?? "the cluster"} <span class="tag t-bad">${confidence(finding)}</span></h3>`,
    html`<p class="quiet">${type}: ${MEANINGS[type]}.</p>`,
    html`<p>${summary}</p>`,
    consequenceOf !== undefined &&
      html`<p><strong>Follows from ${consequenceOf}</strong>${causeLink(run, finding)}: mend that first.</p>`,
    // What somebody said shows that he says so, and proves no more.
    said === null ? null : html`<p class="proof"><strong>Observed.</strong> ${said}</p>`,
    proof === null ? null : html`<p class="proof"><strong>Proof.</strong> ${shortenProof(proof)}</p>`,
    factsHtml(shown),
    differences(shown),
    keyLifeHtml(finding, number),
    limitCurveHtml(finding),
    before === -1
      ? await ownEvidence(shown)
      : html`<p>The threads, sockets and log of ${node} at that moment: see <a href="#finding-${before + 1}">finding ${before + 1}</a>.</p>`,
    fileList(finding),
    html`</article>`,
  ]);
}

function factsHtml({ record, run, finding }: ShownFinding): Html {
  const { node, from, to, detail } = finding;
  return definitions([
    ["When", spanText(from, to, run.watchEnd)],
    ["Silent connections", silentText(finding)],
    ["Probes", coverText(record, node, from)],
    ["What the watchdog saw", text(detail?.why)],
    ["Observed", text(detail?.observed)],
    ["Who answered", text(detail?.answering?.text)],
    ["Core", text(detail?.core)],
    ["Foreseen", text(predictedText(finding))],
    ["Prediction", predictionLink(finding)],
    ["What was done to the cluster", faultsBefore(run, finding)],
  ]);
}

function predictionLink({ detail }: Finding): HtmlContent {
  const signature = detail?.signature;
  if (signature === undefined) return null;
  return html`<code>${shortenProof(signature)}</code>, see <a href="#foreseen">Foreseen</a>`;
}

function causeLink({ findings }: RunSummary, { consequenceOf }: Finding): HtmlContent {
  const cause = findings.findIndex((one) => one.consequenceOf === undefined && labelOf(one) === consequenceOf);
  return cause !== -1 && html` (<a href="#finding-${cause + 1}">finding ${cause + 1}</a>)`;
}

async function ownEvidence(shown: ShownFinding): Promise<Html> {
  return html.lines([await capturesHtml(shown), await logWindowHtml(shown), infoTable(shown)]);
}

/** Two findings about the same trouble, such as a hung node and the command that it never answered: shown once. */
function sameMoment(record: RunRecord, a: Finding, b: Finding): boolean {
  if (a.node === null || a.node !== b.node || Math.abs(a.from - b.from) > SAME_MS) return false;
  return capturesOf(record, a)[0] === capturesOf(record, b)[0];
}

function silentText({ detail }: Finding): string | null {
  const [silent, of] = [detail?.silent ?? null, detail?.of ?? null];
  return silent === null || of === null ? null : `${silent} of ${of}`;
}

function differences(shown: ShownFinding): HtmlContent {
  const { detail } = shown.finding;
  if (!detail?.differences?.length) return null;
  const { differences: list, different: total } = detail;
  const value = (said: string | null) =>
    said === null ? html`<span class="quiet">no such key</span>` : html`<code>${said}</code>`;
  const rows = list.map(({ key, kind, master, replica }) => [value(key), kind, value(master), value(replica)]);
  const keys = scrollingOf(shown, "Differing keys", table(["Key", "Kind", "Master", "Replica"], rows));
  return html`<h4>Differing keys: ${list.length} of ${formatCount(total)}</h4>${keys}`;
}

function fileList({ evidence }: Finding): HtmlContent {
  if (evidence.length === 0) return null;
  const links = evidence.map((file) => html`<a href="${relativeLink(file)}">${file}</a>`);
  return folded(`${counted(links.length, "file")} beside this report`, bullets(links));
}

/** A path below the run's folder, never a scheme or a path out of it. */
function relativeLink(file: string): string {
  const parts = file.split("/").filter((part) => part !== "" && part !== "." && part !== "..");
  return `./${parts.map(encodeURIComponent).join("/")}`;
}

function text(value: string | null | undefined): string | null {
  return typeof value === "string" ? shortenProof(value) : null;
}

const ROWS: readonly (readonly [name: string, value: (state: NodeState) => string])[] = [
  ["role", (state) => state.role],
  ["replication link", (state) => state.link],
  ["master", (state) => (state.masterHost === null ? "–" : `${state.masterHost}:${state.masterPort ?? "?"}`)],
  ["replication offset", (state) => number(state.offset)],
  ["last heard from its master", (state) => (state.lastIoSeconds === null ? "–" : `${state.lastIoSeconds} s ago`)],
  ["full sync in progress", (state) => (state.syncing ? "yes" : "no")],
  ["loading", (state) => (state.loading ? "yes" : "no")],
  ["replicas connected", (state) => String(state.replicas.length)],
  ["commands processed", (state) => number(state.commandsProcessed)],
  ["clients", (state) => number(state.clients)],
];

/** What INFO of the node said before the finding, and afterwards, if it still answered. */
function infoTable(shown: ShownFinding): Html | null {
  const { node, from, to } = shown.finding;
  if (node === null) return null;
  const own = shown.record.ofNode("node-state", node);
  const before = own.findLast((event) => event.t <= from);
  // While it hangs nothing answers; the last word of the run is what a reader wants to compare with.
  const after = own.findLast((event) => event.t > from);
  if (!before && !after) return null;
  const head = (event: typeof before, none: string) =>
    event ? `at ${formatTime(event.t)}${event.t > from ? ` (${formatTime(event.t - from)} later)` : ""}` : none;
  const silent = `no answer from ${formatTime(from)} to ${formatTime(to ?? shown.run.watchEnd)}`;
  const rows = ROWS.map(([name, value]) => {
    const [was, is] = [before, after].map((event) => (event ? value(event.state) : "–"));
    return [name, was, before && after && was !== is ? html`<strong>${is}</strong>` : is];
  });
  const columns = ["Field", `Before: ${head(before, "never answered")}`, `After: ${head(after, silent)}`];
  const info = scrollingOf(shown, "INFO before and after", table(columns, rows));
  return folded(`INFO of ${node} before and after`, info, !after);
}

function number(value: number | null): string {
  return value === null ? "–" : formatCount(value);
}
