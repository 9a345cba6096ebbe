import type { ImageRecipe } from "../images/image-recipe.ts";

const ENTRYPOINT = "/usr/local/bin/docker-entrypoint.sh";

/**
 * What the official image does before the server runs: options alone mean the server; root gives the data folder to
 * user redis (valkey) and steps down; the server replaces the shell, so that it is process 1 and gets the signals.
 * The official build has protected mode off by default, Debian's has it on: an option in front, which a config file
 * that mentions protected-mode, or a later option, overrules.
 */
const SCRIPT = (name: string): string => `#!/bin/sh
set -e

case "\${1:-}" in
  -* | *.conf) set -- ${name}-server "$@" ;;
esac

if [ "\${1:-}" = ${name}-server ] && [ "$(id -u)" = 0 ]; then
  find . ! -user ${name} -exec chown ${name}:${name} {} +
  exec su -s /bin/sh ${name} -c 'exec "$0" "$@"' -- "$0" "$@"
fi

if [ "\${1:-}" = ${name}-server ]; then
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
  set -- ${name}-server "$@"
fi

exec "$@"
`;

/** Redis, or a server that came of it, as its official image starts it: entrypoint, user, port and volume. */
export function recipeLike(name: string, source: ImageRecipe["source"]): ImageRecipe {
  return {
    entrypoint: ["docker-entrypoint.sh"],
    command: [`${name}-server`],
    binaryPath: `/usr/local/bin/${name}-server`,
    extraBinaries: [`${name}-cli`, `${name}-benchmark`],
    user: { name, uid: 999, runAs: "entrypoint" },
    ports: [6379],
    volumes: ["/data"],
    workingDirectory: "/data",
    environment: {},
    files: [{ path: ENTRYPOINT, mode: 0o755, content: SCRIPT(name) }],
    source,
  };
}

/** The server comes from Debian's package. */
export const redisRecipe: ImageRecipe = recipeLike("redis", {
  kind: "debian",
  repository: "redis",
  package: "redis-server",
  binary: "/usr/bin/redis-server",
});
