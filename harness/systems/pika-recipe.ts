import type { ImageRecipe } from "../images/image-recipe.ts";

const HOME = "/pika";
const CONFIG = `${HOME}/conf/pika.conf`;

/**
 * What the official image does before the server runs: every variable PIKA_<OPTION> becomes the line `<option> : value` of the
 * configuration file, upper case and _ turned into lower case and -; options that the file does not have are left alone, and
 * a commented one counts as had. The server replaces the shell, so that it is process 1 and gets the signals.
 */
const SCRIPT = `#!/bin/sh
set -e

for name in $(env | sed -n 's/^PIKA_\\([A-Z0-9_]*\\)=.*/\\1/p'); do
  option=$(echo "$name" | tr 'A-Z_' 'a-z-')
  if grep -qE "^#*[[:space:]]*$option[[:space:]]*:" ${CONFIG}; then
    eval "value=\\$PIKA_$name"
    value=$(echo "$value" | sed 's/[[:punct:]]/\\\\&/g')
    sed -i -E "s/^#*[[:space:]]*($option)[[:space:]]*:.*/\\1 : $value/" ${CONFIG}
  fi
done

exec "$@"
`;

/** The options that kvchaos or its experiments set, with the values of the official file; a wrapped build's own file comes first. */
const OPTIONS = [
  "port : 9221",
  "thread-num : 1",
  "thread-pool-size : 12",
  "sync-thread-num : 6",
  "log-path : ./log/",
  "db-path : ./db/",
  "dump-path : ./dump/",
  "db-sync-path : ./dbsync/",
  "pidfile : ./pika.pid",
  "instance-mode : classic",
  "databases : 1",
  // 3.5.2 does not start without it, 4.0 not without the next; 4.0 leaves the one after undefined (pika_conf.cc).
  "default-slot-num : 1024",
  "db-instance-num : 3",
  "wash-data : false",
  "timeout : 60",
  "maxclients : 20000",
  "requirepass :",
  "masterauth :",
  "#slaveof :",
  "write-binlog : yes",
  "binlog-file-size : 104857600",
  "expire-logs-days : 7",
  "expire-logs-nums : 10",
  "sync-window-size : 9000",
  "throttle-bytes-per-second : 207200000",
  "max-rsync-parallel-num : 4",
  "write-buffer-size : 256M",
  "max-write-buffer-num : 2",
  "target-file-size-base : 20M",
  "compression : snappy",
  "cache-num : 16",
  "cache-model : 1",
  "cache-type : string, set, zset, list, hash",
  "cache-maxmemory : 10737418240",
];

/**
 * As the official image (Dockerfile and entrypoint of Pika 3.5): the same entrypoint, command, port and paths. A `pika.conf`
 * beside the binary, or `--add FILE:/pika/conf/pika.conf`, takes the place of the small file here.
 */
export const pikaRecipe: ImageRecipe = {
  entrypoint: ["/entrypoint.sh"],
  command: [`${HOME}/bin/pika`, "-c", CONFIG],
  binaryPath: `${HOME}/bin/pika`,
  user: { name: "root", uid: 0, runAs: "image" },
  ports: [9221],
  volumes: [],
  workingDirectory: HOME,
  environment: { PIKA: HOME },
  files: [
    { path: "/entrypoint.sh", mode: 0o755, content: SCRIPT },
    { path: CONFIG, mode: 0o644, content: `${OPTIONS.join("\n")}\n`, beside: "pika.conf" },
  ],
  source: { kind: "none", hint: "Pika is in no package: pull pikadb/pika, or wrap a binary of yours." },
};
