// As load-thread.mjs.
import "../../base/typescript/register.mjs";

await import("./keeper-main.ts");
