// As load-thread.mjs.
import { register } from "tsx/esm/api";

register();
await import("./probe-thread.ts");
