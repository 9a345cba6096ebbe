// Where nothing can be written, what is compiled cannot be kept.
import "../../base/typescript/register.mjs";

export const { main } = await import("../main.ts");
