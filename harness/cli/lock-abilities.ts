import { messageOf } from "../base/chaos-error.ts";
import { missingPrograms } from "../base/programs.ts";
import { makeLibrary } from "../locks/library/make-library.ts";
import { able, type Line } from "./kernel-abilities.ts";

/**
 * Can servers' locks be seen here, and named? Found out by making the library: a compiler without the C library's headers makes none.
 * @param folders where programs are, as PATH has it
 */
export async function lockAbilities(make: () => Promise<unknown> = makeLibrary, folders?: string): Promise<Line[]> {
  const failure = await make().then(() => null, messageOf);
  const unnamed = missingPrograms(["addr2line"], "binutils", folders);
  return [
    able(
      failure === null,
      "locks",
      failure ?? "the library that sees servers' locks is made",
      "Without it `foresee`, `locks`, pause-thread, clock-skew, disk-error and power-loss do not work: apt-get install gcc libc6-dev",
    ),
    able(
      unnamed === null,
      "addr2line",
      unnamed ?? "names where locks are taken",
      "Predictions then have places without names: apt-get install binutils",
    ),
  ];
}
