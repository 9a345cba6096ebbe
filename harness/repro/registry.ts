import type { FaultScript } from "./fault-script.ts";
import { clientScripts } from "./faults/clients.ts";
import { commandScripts } from "./faults/commands.ts";
import { linkScripts } from "./faults/links.ts";
import { processScripts } from "./faults/processes.ts";
import { resourceScripts } from "./faults/resources.ts";

const all = [clientScripts, commandScripts, linkScripts, processScripts, resourceScripts].flat();

/** Every kind of fault that a stand-alone script can do; one that is missing is said to be missing in the script. */
export const faultScripts: ReadonlyMap<string, FaultScript> = new Map(all.map((script) => [script.kind, script]));
