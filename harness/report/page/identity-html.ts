import { stringify } from "yaml";
import { groupBy } from "../../base/group-by.ts";
import { counted, formatDurations, formatTime, type Range } from "../../base/units.ts";
import { PROXY_COST, PROXY_HINT } from "../../docker/userland-proxy.ts";
import type { RunRecord } from "../../journal/record.ts";
import { bullets, definitions, folded, verbatim } from "../html/lists.ts";
import { type Html, html } from "../html/markup.ts";
import { scrolling, table } from "../html/table.ts";
import { replayCommand, withoutRoot } from "../replay-command.ts";
import { scriptOf } from "../repro-script.ts";
import { machineText, type RunSummary } from "../run-summary.ts";
import { timeToFinding } from "../time-to-finding.ts";

/** Of every pair of six servers, and of clients to each: more are no list that anybody reads. */
const MOST_LINKS = 36;
const MOST_PLAN_CHARS = 200_000;

/** Which server, which harness, which machine: what a maintainer asks first. */
export function identityHtml(summary: RunSummary): Html {
  const { run, serverVersion, images, nodes, end } = summary;
  const shape = nodes.map((node) => `${node.name} (${node.role})`).join(", ");
  const about = definitions([
    ["Server", `${run.system} ${serverVersion ?? "(version unknown)"}`],
    ["Image", images],
    ["Started again with another server", exchangesText(summary)],
    ["Digest", run.digest ?? "unknown: the image is not from a registry"],
    ["Nodes", shape || "none came up"],
    ["Run", `${run.startedAt}, ${formatTime(end)}, seed ${run.seed}, id ${run.runId}`],
    ["kvchaos", run.kvchaos],
    ["Host", machineText(run, "kernel") || "unknown"],
    ["Published ports", run.host.engine?.userlandProxy ? `${PROXY_COST}. ${PROXY_HINT}` : null],
    ["Issue", run.issue],
    ["Why it should fail", run.why],
    ["Time to the finding", run.timeToFinding && timeText(summary, run.timeToFinding)],
  ]);
  return html.lines([about, environmentHtml(summary)]);
}

/** "r1: valkey/valkey:8.0.1 (8.0.1) from 12.3 s on (fault up)"; null: none was */
function exchangesText({ exchanges }: RunSummary): string | null {
  const texts = exchanges.map(({ t, node, image, version, by, ended }) => {
    const what = ended ? "which ended" : (version ?? "version unknown");
    return `${node}: ${image} (${what}) from ${formatTime(t)} on (fault ${by})`;
  });
  return texts.length === 0 ? null : texts.join("; ");
}

/** What is typical, and what it took here. */
function timeText(summary: RunSummary, typical: Range): string {
  const chaos = summary.phases.find(({ phase }) => phase === "chaos");
  const here = timeToFinding(chaos?.from, summary.findings);
  return `typically ${formatDurations(typical)} of chaos; ${here === null ? "nothing was found here" : `here ${formatTime(here)}`}`;
}

function environmentHtml({ run, nodes, links }: RunSummary): Html {
  const rows = nodes.map(({ name, role, image, version, digest }) => [name, role, image, version ?? "unknown", digest]);
  return folded(
    `Environment: ${counted(nodes.length, "node")}, ${counted(links.length, "link")} through Toxiproxy, host`,
    html.lines([
      scrolling("Nodes", table(["Node", "Role at the start", "Image", "Version", "Digest"], rows)),
      bullets(
        links.length > MOST_LINKS
          ? linksOfEach(links)
          : links.map(({ name, address }) => `${name} by way of ${address}`),
      ),
      verbatim(stringify(run.host)),
    ]),
  );
}

/** One line for all links that begin at the same place; they all lead through one host, each by a port of its own. */
function linksOfEach(links: RunSummary["links"]): string[] {
  const hostOf = (address: string): string => address.slice(0, address.lastIndexOf(":"));
  return [...groupBy(links, ({ from, address }) => `${from} by way of ${hostOf(address)}`)].map(([way, own]) => {
    const ends = own.map(({ to, address }) => `${to} ${address.slice(hostOf(address).length)}`);
    return `${way} -> ${ends.join(", ")}`;
  });
}

/** What to type to see it again: with kvchaos, and without it. */
export function againHtml(record: RunRecord, summary: RunSummary): Html {
  const script = scriptOf(record, summary);
  const alone =
    "why" in script
      ? html`<p class="quiet">There is no script that does without kvchaos: ${script.why}.</p>`
      : folded(
          "Without kvchaos: a script that needs bash, docker and curl (repro.sh, beside this report)",
          verbatim(script.text),
        );
  return html`<p class="quiet">In the root of the kvchaos repository, on a machine with Docker: the same experiment, the same faults at the same moments.</p><pre>${replayCommand(summary)}</pre>\n${alone}`;
}

export function planHtml({ run }: RunSummary): Html {
  const text = withoutRoot(run, stringify(run.plan, { lineWidth: 0 }));
  const note = `\n… truncated: ${MOST_PLAN_CHARS} of ${text.length} characters; the whole is in plan.yaml`;
  const shown = text.length > MOST_PLAN_CHARS ? text.slice(0, MOST_PLAN_CHARS) + note : text;
  return folded("The resolved plan: every default filled in, every random choice made", verbatim(shown));
}
