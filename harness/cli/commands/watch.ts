import path from "node:path";
import { ChaosError } from "../../base/chaos-error.ts";
import { parseDuration } from "../../base/units.ts";
import { readLimitExpression } from "../../experiment/read/limit-expression.ts";
import { ownLimit } from "../../experiment/read/read-limits.ts";
import type { OwnLimit } from "../../journal/limits.ts";
import { type ComposeServer, composeServers } from "../../live/compose-servers.ts";
import { type Address, discover } from "../../live/discover.ts";
import { watch } from "../../live/watch.ts";
import type { WatchSettings } from "../../live/watch-plan.ts";
import { liveReporters, renderAll, reporters } from "../../report/registry.ts";
import { writeRunIndex } from "../../report/runs/run-index.ts";
import { LOGIN, readAccess, TLS } from "../attached/read-access.ts";
import { command, JSON_EVENTS, QUIET, REPORTS } from "../command.ts";
import { exitOfVerdict } from "../exit-codes.ts";
import { interruptible } from "../interrupt.ts";
import { invocation } from "../invocation.ts";
import { log, logError } from "../print.ts";
import { readDuration } from "../read-limits.ts";

export const watchCommand = command({
  positionals: {
    server: {
      type: "string",
      array: true,
      describe: "host:port of a server, of a sentinel, or of a node of a cluster, whose others are found",
    },
  },
  options: {
    discover: {
      type: "string",
      array: true,
      nargs: 1,
      describe: "host:port of which the master and all replicas are found, too",
    },
    compose: {
      type: "string",
      describe: "a Compose file whose services are watched at the ports that they publish, and nobody else",
    },
    for: { type: "string", describe: 'how long, like "1h"; default: until Ctrl-C' },
    "warm-up": { type: "string", default: "10s", describe: "how long it learns what a healthy answer takes" },
    limit: {
      type: "string",
      array: true,
      nargs: 1,
      default: [],
      describe: 'what must hold, like "admin p99 < 50ms" or "replication-lag < 5MB"; again and again',
    },
    "hang-after": { type: "string", default: "5s", describe: "silence for this long is a hang" },
    "stall-after": { type: "string", default: "10s", describe: "a replica that stands still for this long is stalled" },
    connections: { type: "number", default: 4, describe: "probe connections per server that last, 1 to 64" },
    interval: { type: "string", default: "1s", describe: "pause between two questions on one of them" },
    poll: { type: "string", default: "2s", describe: "pause between two INFO of one server" },
    ...LOGIN,
    ...TLS,
    reports: REPORTS,
    quiet: QUIET,
    json: JSON_EVENTS,
  },
  run: async (args) => {
    const settings = readSettings(args);
    const limits = args.limit.map(readLimit);
    const access = await readAccess(args);
    const named = [...(args.server ?? []), ...(args.discover ?? [])].map((one) => readAddress(String(one)));
    const composed = args.compose === undefined ? null : await readCompose(args.compose, named);
    const given = composed ?? named;
    if (given.length === 0) {
      throw new ChaosError("usage", "there is nothing to watch", {
        hint: "Name host:port, --discover host:port, or --compose FILE whose services publish their ports.",
      });
    }
    return interruptible(async (signal) => {
      const follow = args.discover !== undefined;
      const found = await discover(given, access, { follow, alone: composed !== null, signal });
      const { silent } = found;
      const servers = found.servers.map((one) => ({ ...one, ...insideOf(one, composed ?? []) }));
      checkLimits(limits, servers);
      for (const { name, why } of silent) log(`${name} does not answer, and is not watched: ${why}`);
      const { words, name } = invocation();
      const typed = args.compose === undefined ? servers.map((one) => one.name) : ["--compose", args.compose];
      const live = liveReporters({
        ...{ terminal: process.stderr, output: process.stdout, quiet: args.quiet, json: args.json, name },
        again: () => [...words, "watch", ...typed],
      });
      const reports = path.resolve(args.reports);
      const result = await watch({
        ...{ servers, silent, access, settings, limits, reports, interrupt: signal, live },
        command: ["kvchaos", "watch", ...typed],
      });
      const rendered = await renderAll(result.record, result.directory, [...live, ...reporters]);
      for (const { name: failed, error } of [...result.liveFailures, ...rendered]) {
        logError(error, `the reporter "${failed}" failed; the verdict stands:`);
      }
      if (result.error !== undefined) logError(result.error);
      await writeRunIndex(reports).catch((error: unknown) => logError(error, "the list of runs could not be written:"));
      return exitOfVerdict(result.verdict);
    }, "writing the report");
  },
});

interface Times {
  for: string | undefined;
  "warm-up": string;
  "hang-after": string;
  "stall-after": string;
  interval: string;
  poll: string;
  connections: number;
}

function readSettings(args: Times): WatchSettings {
  const { connections } = args;
  if (!Number.isInteger(connections) || connections < 1 || connections > 64) {
    throw new ChaosError("usage", `--connections ${connections}: expected a whole number from 1 to 64`);
  }
  const settings = {
    connections,
    warmUp: readTime("--warm-up", args["warm-up"], 1_000),
    hangAfter: readTime("--hang-after", args["hang-after"], 1_000),
    stallAfter: readTime("--stall-after", args["stall-after"], 1_000),
    interval: readTime("--interval", args.interval, 100),
    poll: readTime("--poll", args.poll, 100),
    duration: readDuration("--for", args.for),
  };
  if (settings.interval >= settings.hangAfter) {
    throw new ChaosError(
      "usage",
      "expected --hang-after to be longer than --interval, the pause between two questions",
    );
  }
  return settings;
}

function readTime(option: string, text: string, least: number): number {
  const time = parseDuration(text);
  if (time !== undefined && time >= least) return time;
  throw new ChaosError(
    "usage",
    `${option} ${text}: expected a duration of at least ${least} ms with a unit, like "5s"`,
  );
}

function readLimit(text: string): OwnLimit {
  const read = readLimitExpression(text);
  if ("message" in read) {
    const hint = read.hint === undefined ? {} : { hint: `${read.hint[0]?.toUpperCase()}${read.hint.slice(1)}` };
    throw new ChaosError("usage", `--limit "${text}", character ${read.offset + 1}: ${read.message}`, hint);
  }
  if (read.measure.of === "load") {
    throw new ChaosError(
      "usage",
      `--limit "${text}": a watch has no load of its own, and ${read.measure.what} is one's`,
      {
        hint: 'Limit what our probes see, like "ping p99 < 50ms", or replication-lag, memory, full-syncs.',
      },
    );
  }
  if (read.measure.of === "probe" && read.measure.kind === "write") {
    throw new ChaosError("usage", `--limit "${text}": a watch never writes`);
  }
  return { ...ownLimit(read), phases: ["watch"] };
}

function checkLimits(limits: readonly OwnLimit[], servers: readonly { system: { name: string } }[]): void {
  const lag = limits.find(({ measure }) => measure.what === "replication-lag");
  const other = servers.find(({ system }) => system.name !== "redis");
  if (lag && other) {
    const why = `${other.system.name} does not count its replication offset in bytes`;
    throw new ChaosError("usage", `--limit "${lag.text}": ${why}`);
  }
}

/** The servers of a Compose file. What it does not publish nobody can reach, and that is told. */
async function readCompose(file: string, named: readonly Address[]): Promise<readonly ComposeServer[]> {
  if (named.length > 0) throw new ChaosError("usage", "--compose names all servers: expected no others beside it");
  const { servers, unpublished } = await composeServers(file, process.env);
  for (const service of unpublished) log(`${service} publishes no port, and is not watched`);
  return servers;
}

/** How the other servers of its Compose file know a server. */
function insideOf(server: Address, composed: readonly ComposeServer[]): { inside?: string } {
  const one = composed.find(({ host, port }) => port === server.port && (host === server.host || host === "localhost"));
  return one ? { inside: one.inside } : {};
}

/** "10.0.0.7:6379", "[::1]:6379" */
function readAddress(text: string): Address {
  const [, six, host = six, port] = /^(?:\[([^\]]+)\]|([^:[\]@/]+)):(\d{1,5})$/.exec(text) ?? [];
  if (host === undefined || port === undefined || Number(port) < 1 || Number(port) > 65_535) {
    throw new ChaosError("usage", `"${text}": expected host:port`, {
      hint: "A password belongs in KVCHAOS_PASSWORD or --password-file, not in an address.",
    });
  }
  return { host, port: Number(port) };
}
