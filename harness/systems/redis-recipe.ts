import type { ImageRecipe } from "../docker/image-recipe.ts";

const ENTRYPOINT = "/usr/local/bin/docker-entrypoint.sh";

/**
 * What the official image does before the server runs: options alone mean redis-server; root gives the data folder to
 * user redis and steps down; the server replaces the shell, so that it is process 1 and gets the signals.
 * The official build has protected mode off by default, Debian's has it on: an option in front, which a config file
 * that mentions protected-mode, or a later option, overrules.
 */
const SCRIPT = `#!/bin/sh
set -e

case "\${1:-}" in
  -* | *.conf) set -- redis-server "$@" ;;
esac

if [ "\${1:-}" = redis-server ] && [ "$(id -u)" = 0 ]; then
  find . ! -user redis -exec chown redis:redis {} +
  exec su -s /bin/sh redis -c 'exec "$0" "$@"' -- "$0" "$@"
fi

if [ "\${1:-}" = redis-server ]; then
  if [ "$(umask)" = 0022 ]; then umask 0077; fi
  shift
  case "$#:\${1:-}" in
    1:-v | 1:--version | 1:-h | 1:--help | *:--test-memory | *:--check-system) ;;
    0: | *:-*) set -- --protected-mode no "$@" ;;
    *)
      if ! grep -qiE '^[[:space:]]*protected-mode[[:space:]]' "$1"; then
        conf=$1
        shift
        set -- "$conf" --protected-mode no "$@"
      fi
      ;;
  esac
  set -- redis-server "$@"
fi

exec "$@"
`;

/** Redis as its official image starts it: entrypoint, user, port and volume. The server comes from Debian's package. */
export const redisRecipe: ImageRecipe = {
  entrypoint: ["docker-entrypoint.sh"],
  command: ["redis-server"],
  binaryPath: "/usr/local/bin/redis-server",
  extraBinaries: ["redis-cli", "redis-benchmark"],
  user: { name: "redis", uid: 999, runAs: "entrypoint" },
  ports: [6379],
  volumes: ["/data"],
  workingDirectory: "/data",
  environment: {},
  files: [{ path: ENTRYPOINT, mode: 0o755, content: SCRIPT }],
  source: { kind: "debian", repository: "redis", package: "redis-server", binary: "/usr/bin/redis-server" },
};
