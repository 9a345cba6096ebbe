/** What was found of bytes that did harm to a server. */
export interface Shortest {
  /** null: none of them does it to a server that has just been started. */
  bytes: Buffer | null;
  /** No shorter prefix of them does it; false: there was no time to find out. */
  exact: boolean;
  /** How often a server was started and tried. */
  tries: number;
}

/**
 * The shortest prefix that does harm, of the first candidate that does at all. One that does harm does so with anything behind it, for a
 * server reads from the front: half of what is in doubt is ruled out with every try.
 * @param candidates the likeliest first: further ones are tried as long as none did harm
 * @param harms tries bytes on a server that was started anew
 * @param goesOn false: there is no time for another try
 */
export async function shortestPrefix(
  candidates: readonly Buffer[],
  harms: (bytes: Buffer) => Promise<boolean>,
  goesOn: (tries: number) => boolean,
): Promise<Shortest> {
  let tries = 0;
  const tried = (bytes: Buffer): Promise<boolean> => {
    tries += 1;
    return harms(bytes);
  };
  for (const whole of candidates) {
    if (!goesOn(tries)) break;
    if (!(await tried(whole))) continue;
    let [harmless, harmful] = [0, whole.length];
    while (harmful - harmless > 1 && goesOn(tries)) {
      const middle = harmless + Math.floor((harmful - harmless) / 2);
      if (await tried(whole.subarray(0, middle))) harmful = middle;
      else harmless = middle;
    }
    return { bytes: whole.subarray(0, harmful), exact: harmful - harmless === 1, tries };
  }
  return { bytes: null, exact: false, tries };
}
