# add_toxic LINK NAME TYPE STREAM ATTRIBUTES: upstream is towards the master, downstream what it sends back.
add_toxic() {
  local offset
  for offset in "${OFFSETS[@]}"; do
    api POST "/proxies/${1}_$offset/toxics" "{\"name\":\"$2-$4\",\"type\":\"$3\",\"stream\":\"$4\",\"toxicity\":1,\"attributes\":$5}" >/dev/null ||
      say "$2: the toxic $3 could not be put on $1"
  done
}

# remove_toxic LINK NAME
remove_toxic() {
  local offset stream
  for offset in "${OFFSETS[@]}"; do
    for stream in upstream downstream; do
      api DELETE "/proxies/${1}_$offset/toxics/$2-$stream" >/dev/null 2>&1
    done
  done
}
