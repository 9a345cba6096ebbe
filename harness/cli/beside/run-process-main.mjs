// As load-thread.mjs.
import "../../base/typescript/register.mjs";

await import("./run-process-main.ts");
