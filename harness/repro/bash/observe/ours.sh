# What a node does not answer while a fault of this script stops it is not counted against it.
ours() { docker exec "$P-tools" sh -c "echo 999999999 >/tmp/ours-$1"; }
not_ours() { docker exec "$P-tools" sh -c "cut -d ' ' -f 1 /proc/uptime >/tmp/ours-$1"; }
