// Of TypeScript that is not compiled, as in tests: Node 20 lets no worker thread inherit tsx from the main thread.
import { register } from "tsx/esm/api";

register();
await import("./load-thread.ts");
