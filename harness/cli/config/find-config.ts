import { existsSync } from "node:fs";
import path from "node:path";
import { ChaosError } from "../../base/chaos-error.ts";
import { CONFIG_VARIABLE } from "../../load/workloads/config-variable.ts";

const NAMES = ["kvchaos.config.mjs", "kvchaos.config.ts"];

/** That of `--config FILE`, of KVCHAOS_CONFIG, or in this folder; undefined: there is none. Throws `usage`. */
export function findConfig(argv: readonly string[], env: NodeJS.ProcessEnv, folder: string): string | undefined {
  const at = argv.findIndex((word) => word === "--config" || word.startsWith("--config="));
  const given = at < 0 ? env[CONFIG_VARIABLE] : (argv[at]?.split("=", 2)[1] ?? argv[at + 1]);
  if (at >= 0 && !given) throw new ChaosError("usage", "--config needs a value");
  if (!given) return NAMES.map((name) => path.join(folder, name)).find((file) => existsSync(file));
  const file = path.resolve(folder, given);
  if (!existsSync(file)) throw new ChaosError("usage", `--config ${given}: there is no such file`);
  return file;
}
