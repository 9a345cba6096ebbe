import type { Direction, Link } from "../../network/link.ts";
import type { FaultContext } from "../fault.ts";

/** Toxiproxy's name of a kind, and its attributes. */
export type Toxic = [type: string, attributes: Record<string, number>];

/** Puts a toxic on links; heal takes it off. @param what as messages call it */
export async function addToxics(
  context: FaultContext,
  links: readonly Link[],
  what: string,
  [type, attributes]: Toxic,
  directions: readonly Direction[] = ["to-master", "to-replica"],
): Promise<void> {
  const add = (link: Link, direction: Direction): Promise<void> => {
    const name = `${context.id}-${direction}`;
    context.onHeal(`remove ${what} from ${link.name} (${direction})`, () => link.removeToxic(name));
    return link.addToxic(name, type, direction, attributes);
  };
  await Promise.all(links.flatMap((link) => directions.map((direction) => add(link, direction))));
}
