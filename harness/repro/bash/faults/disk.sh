# make_disk NODE BYTES: a file system of that size for the node's data alone, as a volume; the host's own disk does not fill with it.
make_disk() {
  local at=/var/tmp/$P-$1
  [ "$(id -u)" = 0 ] || die "the servers' disks are files that only root may mount: try sudo"
  if ! { mkdir -m 700 "$at" && mkdir "$at/disk" && truncate -s "$2" "$at/file" &&
    mkfs.ext4 -q -F -m 0 "$at/file" && mount -o loop "$at/file" "$at/disk" && mkdir "$at/disk/data" &&
    docker volume create --label "$P" -d local -o type=none -o o=bind -o device="$at/disk/data" "$P-$1" >/dev/null; }; then
    die "no disk for $1"
  fi
}
# shellcheck disable=SC2317 # called by cleanup
remove_disks() {
  local at
  for at in /var/tmp/"$P"-*; do
    [ -d "$at" ] || continue
    docker volume rm "${at##*/}" >/dev/null 2>&1
    umount "$at/disk" 2>/dev/null
    # What is still mounted is not deleted.
    rm -f "$at/file"
    rmdir "$at/disk" "$at"
  done
}
