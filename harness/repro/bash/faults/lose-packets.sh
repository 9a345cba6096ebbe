# lose_packets NODE SHARE [MATCH...]: packets to and from it are lost at random; lose_none NODE: none any more.
lose_packets() {
  local node=$1 share=$2
  shift 2
  iptables_in "$node" -N kvchaos
  iptables_in "$node" -A kvchaos -m statistic --mode random --probability "$share" -j DROP
  iptables_in "$node" -I INPUT ! -i lo "$@" -j kvchaos
  iptables_in "$node" -I OUTPUT ! -o lo "$@" -j kvchaos
}
lose_none() { iptables_in "$1" -F kvchaos; }
# lose_packets_of_link FROM_TO SHARE, lose_none_of_link FROM_TO: only those between FROM and the link.
lose_packets_of_link() {
  local offset
  for offset in "${OFFSETS[@]}"; do
    lose_packets "${1%%_*}" "$2" -p tcp -m conntrack --ctorigdstport "$((LISTEN[$1] + offset))"
  done
}
lose_none_of_link() { lose_none "${1%%_*}"; }
iptables_in() {
  local node=$1
  shift
  nsenter -t "$(docker inspect -f '{{.State.Pid}}' "$P-$node")" -n iptables -w 10 "$@" || say "$node: iptables $* failed"
}
