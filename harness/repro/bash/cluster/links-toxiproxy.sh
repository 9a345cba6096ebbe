# Every path is a link of its own through Toxiproxy; a link has one proxy per port that a replica dials on its master.
declare -A LISTEN=()

api() {
  curl -sS --fail --max-time 30 -X "$1" -H 'Content-Type: application/json' ${3:+-d "$3"} "http://$API$2"
}

start_toxiproxy() {
  have "$TOXIPROXY_IMAGE" || docker pull "$TOXIPROXY_IMAGE" 2>/dev/null || {
    say "building $TOXIPROXY_IMAGE from Toxiproxy's Go module"
    docker build -q -t "$TOXIPROXY_IMAGE" - <<'DOCKERFILE' >/dev/null || die "no Toxiproxy: set TOXIPROXY_IMAGE to an image of it"
FROM golang:1 AS build
RUN CGO_ENABLED=0 go install github.com/Shopify/toxiproxy/v2/cmd/server@v2.12.0
FROM scratch
COPY --from=build /go/bin/server /toxiproxy
ENTRYPOINT ["/toxiproxy"]
DOCKERFILE
  }
  start_container toxiproxy --network "$P" --network-alias toxiproxy -p 127.0.0.1::8474 "$TOXIPROXY_IMAGE" -host=0.0.0.0
  API=$(docker port "$P-toxiproxy" 8474/tcp | head -n 1)
  local n
  for n in {1..100}; do
    if api GET /version >/dev/null 2>&1; then return; fi
    sleep 0.2
  done
  die "no answer of Toxiproxy's API at $API after $((n / 5)) s"
}

# open_links NAME...: one from each to each other, and one from the clients to each.
open_links() {
  local from to offset listen=10000
  for from in "$@" client; do
    for to in "$@"; do
      if [ "$from" = "$to" ]; then continue; fi
      LISTEN[${from}_$to]=$listen
      for offset in "${OFFSETS[@]}"; do
        api POST /proxies "{\"name\":\"${from}_${to}_$offset\",\"listen\":\"0.0.0.0:$((listen + offset))\",\"upstream\":\"$to:$((PORT + offset))\"}" >/dev/null ||
          die "the link $from -> $to could not be opened"
      done
      listen=$((listen + 1))
    done
  done
}

# address FROM TO: host and port where FROM reaches TO. Clients of the nodes in DIRECT go past Toxiproxy.
DIRECT=''
address() {
  if [ "$1" = client ] && [[ " $DIRECT " = *" $2 "* ]]; then
    printf '%s %s' "$P-$2" "$PORT"
  else
    printf 'toxiproxy %s' "${LISTEN[${1}_$2]}"
  fi
}
