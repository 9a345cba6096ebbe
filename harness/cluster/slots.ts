/** Hash slots of a cluster's key space. Source: the Redis cluster specification. */
export const SLOTS = 16_384;

/** CRC-16/XMODEM, bit by bit: it is needed for a few short tags only. */
function crc16(bytes: Buffer): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  }
  return crc;
}

/** The slot of a key; of `{tag}` alone where the key has one. */
export function slotOf(key: string): number {
  const tag = /\{([^}]+)\}/.exec(key)?.[1] ?? key;
  return crc16(Buffer.from(tag, "utf8")) % SLOTS;
}

/** Equal shares of all slots, both ends included; the last has what is left over, as kvrocks-controller deals them out. */
export function slotShares(count: number): [number, number][] {
  const share = Math.floor(SLOTS / count);
  return Array.from({ length: count }, (_, i) => [i * share, i === count - 1 ? SLOTS - 1 : (i + 1) * share - 1]);
}

/** A key prefix "{s17}" that puts every key into one slot of the range. */
export function tagWithin(range: readonly [number, number]): string {
  return tagsWithin(range, 1)[0] as string;
}

/** So many of them, each another slot's; fewer where the range has not as many. The same first ones, however many. */
export function tagsWithin([first, last]: readonly [number, number], count: number): string[] {
  const tags = new Map<number, string>();
  const most = Math.min(count, last - first + 1);
  for (let n = 0; tags.size < most; n++) {
    const tag = `{s${n}}`;
    const slot = slotOf(tag);
    if (slot >= first && slot <= last && !tags.has(slot)) tags.set(slot, tag);
  }
  return [...tags.values()];
}
