// Where nothing can be written, what is compiled cannot be kept.
import { register } from "tsx/esm/api";

register();
export const { main } = await import("../main.ts");
