import type { ImageRecipe } from "../images/image-recipe.ts";

const DATA = "/var/lib/kvrocks";
const RUN = "/var/run/kvrocks";

/**
 * As the official image (Dockerfile of Kvrocks 2.9 to 2.11): the same entrypoint, port and volume; it runs as root as
 * 2.9 does, so that any binary works on any volume. The file holds only what differs from the server's defaults; add your own with
 * `--add kvrocks.conf:/var/lib/kvrocks/kvrocks.conf`.
 */
export const kvrocksRecipe: ImageRecipe = {
  entrypoint: [
    "kvrocks",
    "-c",
    `${DATA}/kvrocks.conf`,
    "--dir",
    DATA,
    "--pidfile",
    `${RUN}/kvrocks.pid`,
    "--bind",
    "0.0.0.0",
  ],
  command: [],
  binaryPath: "/bin/kvrocks",
  user: { name: "kvrocks", uid: 999, runAs: "entrypoint" },
  ports: [6666],
  volumes: [DATA],
  workingDirectory: "/",
  environment: {},
  files: [
    { path: `${DATA}/kvrocks.conf`, mode: 0o644, content: "port 6666\nlog-dir stdout\n" },
    { path: `${RUN}/.keep`, mode: 0o644, content: "" },
  ],
  source: { kind: "none", hint: "Kvrocks is in no package: pull apache/kvrocks, or wrap a binary of yours." },
};
