# throttle_disk NODE RATE: its container reads from and writes to its disk no more than so many bytes per second; 0: as many as it can.
throttle_disk() {
  local pid device group file rate=$2
  pid=$(docker inspect -f '{{.State.Pid}}' "$P-$1")
  device=$(mountpoint -d "/var/tmp/$P-$1/disk")
  group=$(sed -n 's/^[0-9]*:blkio://p' "/proc/$pid/cgroup")
  if [ -n "$group" ]; then
    for file in write_bps_device read_bps_device; do
      echo "$device $rate" >"/sys/fs/cgroup/blkio$group/blkio.throttle.$file" || say "$1: its disk could not be slowed down"
    done
    return
  fi
  group=$(sed -n 's/^0:://p' "/proc/$pid/cgroup")
  if [ "$rate" = 0 ]; then rate=max; fi
  echo "$device rbps=$rate wbps=$rate" >"/sys/fs/cgroup$group/io.max" || say "$1: its disk could not be slowed down"
}
