// Of TypeScript that is not compiled, as in tests.
import "../base/typescript/register.mjs";

await import("./load-thread.ts");
