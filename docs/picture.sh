#!/usr/bin/env bash
# Makes docs/report.png, the picture in the README, from a run's report: docs/picture.sh reports/<run>
# For a run to picture:  node harness/cli/kvchaos.mjs run experiments/redis/controls/deadlocked.yaml   (it exits 1)
set -euo pipefail
report=$(realpath "${1:?which run? docs/picture.sh reports/<run>}/report.html")
picture="$(dirname "$(realpath "${BASH_SOURCE[0]}")")/report.png"
profile=$(mktemp -d)
trap 'rm -rf "$profile"' EXIT
chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
  --disable-component-update --disable-sync --user-data-dir="$profile" --hide-scrollbars \
  --window-size="${2:-1100,1000}" --screenshot="$picture" "file://$report" 2>/dev/null
stat --format='%n: %s bytes' "$picture"
