# exchange NODE IMAGE: a stopped server gives its data to one of another image ("original": the one it had at first), which is then
# started with the same words. The old container stays for its log.
exchange() {
  local node=$1 image=$2 old first one words=() own=() program=redis-server
  old="$P-$node-until-$(now_ms)"
  if [ ! -e "$WORK/image-$node" ]; then docker inspect -f '{{.Config.Image}}' "$P-$node" >"$WORK/image-$node"; fi
  first=$(cat "$WORK/image-$node")
  if [ "$image" = original ]; then image=$first; fi
  if [[ ${image##*/} = valkey* ]]; then program=valkey-server; fi
  mapfile -t -d '' words <"$WORK/run-$node"
  for one in "${words[@]}"; do
    case $one in
      "$first") one=$image ;;
      redis-server | valkey-server) one=$program ;;
    esac
    own+=("$one")
  done
  docker rename "$P-$node" "$old" &&
    docker create --name "$P-$node" --label "$P" --volumes-from "$old" "${own[@]}" >/dev/null ||
    say "$node: no container of $image could be made"
  if docker network inspect "$P-admin" >/dev/null 2>&1; then docker network connect "$P-admin" "$P-$node"; fi
  say "$node: $image takes over its data"
}
