/** What servers say when they refuse a command because of its key's slot: it did not happen there. */
const REDIRECTS = ["MOVED", "ASK", "TRYAGAIN"] as const;
export type Redirect = (typeof REDIRECTS)[number];

export const isRedirect = (code: string): code is Redirect => (REDIRECTS as readonly string[]).includes(code);
