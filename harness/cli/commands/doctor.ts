import { ChaosError, messageOf } from "../../base/chaos-error.ts";
import { textTable } from "../../base/text-table.ts";
import { diskRefusal } from "../../docker/disk.ts";
import { connectEngine, type Engine } from "../../docker/engine.ts";
import { imageAvailability } from "../../images/ensure-image.ts";
import { command } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { knownImages } from "../known-images.ts";
import { diskFree, kernelAbilities } from "../machine.ts";
import { out } from "../print.ts";

const GIB = 1024 ** 3;
const MIN_CORES = 2;
const MIN_MEMORY = 2 * GIB;
const MIN_DISK = 2 * GIB;

/** `no`: kvchaos cannot work. `less`: it works, with what the hint says missing. */
interface Line {
  state: "ok" | "less" | "no";
  name: string;
  value: string;
  hint: string | null;
}

export const doctorCommand = command({
  usage: "doctor",
  summary: "is this machine fit, and what to do where it is not",
  positionals: {},
  options: {},
  run: async () => {
    const lines = await examine();
    const rows = lines.map(({ state, name, value }) => [state === "ok" ? "ok" : state.toUpperCase(), name, value]);
    textTable(rows).forEach((row, i) => {
      out(row);
      const hint = lines[i]?.hint;
      if (hint) for (const line of hint.split("\n")) out(`        → ${line}`);
    });
    return lines.some(({ state }) => state === "no") ? EXIT.infrastructure : EXIT.pass;
  },
});

async function examine(): Promise<Line[]> {
  let engine: Engine | null = null;
  const lines: Line[] = [{ state: "ok", name: "node", value: process.version, hint: null }];
  try {
    engine = await connectEngine({ within: 5_000 });
    const { version, apiVersion, local, cgroupVersion } = engine.info;
    const value = `Docker ${version}, API ${apiVersion}, cgroup v${cgroupVersion}, ${local ? "on this machine" : "elsewhere"}`;
    lines.push({ state: "ok", name: "engine", value, hint: null });
    const far = "Thread states and stacks of hung servers need an engine on this machine.";
    if (!local) lines.push({ state: "less", name: "forensics", value: "the engine is elsewhere", hint: far });
    lines.push(ownDisks(local));
    const { cores, memory } = engine.info;
    lines.push(
      limit("cores", cores, MIN_CORES, String(cores), "Fewer cores starve the servers: runs end inconclusive."),
    );
    const gib = `${(memory / GIB).toFixed(1)} GiB`;
    lines.push(limit("memory", memory, MIN_MEMORY, gib, "A run of three servers wants 2 GiB."));
  } catch (error) {
    const root = process.getuid?.() === 0;
    const hint = root
      ? "`npm run chaos` installs and starts one here (Debian, Ubuntu)."
      : "Type:\nsudo apt-get install -y docker.io\nsudo usermod -aG docker $USER && newgrp docker";
    // Nothing is installed beside a daemon that DOCKER_HOST names: what to do is in the error then.
    const own = process.env.DOCKER_HOST && error instanceof ChaosError ? error.hint : undefined;
    lines.push({ state: "no", name: "engine", value: messageOf(error), hint: own ?? hint });
  }
  const free = await diskFree(engine?.info.local ? engine.info.rootDir : ".");
  lines.push(
    limit("disk", free, MIN_DISK, `${(free / GIB).toFixed(1)} GiB free`, "Free some space: images and server data."),
  );
  for (const { name, able, value, hint } of await kernelAbilities()) {
    lines.push({ state: able ? "ok" : "less", name, value, hint: able ? null : hint });
  }
  if (engine) {
    for (const { name, recipe } of knownImages()) {
      const { state, reason } = await imageAvailability(engine, name, recipe);
      const value = `${state}: ${reason}`;
      const hint = `kvchaos images wrap --system … --binary PATH --tag ${name}`;
      lines.push({
        state: state === "no" ? "no" : state === "pullable?" ? "less" : "ok",
        name: `image ${name}`,
        value,
        hint: state === "no" || state === "pullable?" ? hint : null,
      });
    }
  }
  return lines;
}

function ownDisks(local: boolean): Line {
  const refusal = diskRefusal(local);
  const value = refusal ?? "a node's data can lie on a disk of its own";
  return {
    state: refusal === null ? "ok" : "less",
    name: "disks",
    value,
    hint: refusal && "The faults disk-full and slow-disk need them.",
  };
}

function limit(name: string, value: number, least: number, text: string, hint: string): Line {
  return value >= least ? { state: "ok", name, value: text, hint: null } : { state: "less", name, value: text, hint };
}
