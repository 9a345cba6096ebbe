# fill_disk NODE LEAVE: takes all space of its disk but LEAVE bytes; free_disk NODE gives it back.
fill_disk() {
  local at=/var/tmp/$P-$1/disk free
  free=$(df -P -B 1 "$at" | awk 'NR == 2 { print $4 }')
  if [ "$free" -gt "$2" ]; then fallocate -l "$((free - $2))" "$at/filler" 2>/dev/null; fi
  say "$1: $(df -P -B 1 "$at" | awk 'NR == 2 { print $4 " bytes of its disk are free" }')"
}
free_disk() { rm -f "/var/tmp/$P-$1/disk/filler"; }
