// The process of one run gets none of its parent's options: this plain file registers tsx again, then loads the real program.
import { register } from "tsx/esm/api";

register();
await import("./run-process-main.ts");
