/** Different places where a value may begin: how many different values of one length there are. */
const OFFSETS = 16_384;

/** awk: random printable values of a size range, each a piece of one random text made beforehand. `prepare()` comes first. */
export function awkValues({ min, max }: { min: number; max: number }): string {
  return `function any(n) { return int(rand() * n) }
function value() { return substr(text, 1 + any(${OFFSETS}), ${min === max ? min : `${min} + any(${max - min + 1})`}) }
function prepare(i) {
  srand(seed)
  for (i = 0; i < ${OFFSETS}; i++)
    text = text substr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", 1 + any(64), 1)
  while (length(text) < ${OFFSETS + max}) text = text text
}`;
}

/** A literal of awk. */
export function awkText(text: string): string {
  return `"${text.replace(/[\\"]/g, "\\$&").replace(/[\u0000-\u001f]/g, (one) => `\\${one.charCodeAt(0).toString(8).padStart(3, "0")}`)}"`;
}
