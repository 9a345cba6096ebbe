// A worker thread does not inherit tsx from the main thread, neither from `--import tsx` nor from its API:
// this plain file registers it again, then loads the real worker.
import { register } from "tsx/esm/api";

register();
await import("./load-thread.ts");
