/** "redis:7.0.15" taken apart. Without a tag and digest the tag is "latest", as for docker itself. */
export interface ImageName {
  repository: string;
  tag: string;
  digest: string | null;
}

export function parseImageName(name: string): ImageName {
  const [rest = "", digest = null] = name.split("@", 2);
  // A colon before a slash is a registry's port.
  const tagged = /^(.*):([^:/]+)$/.exec(rest);
  return { repository: tagged?.[1] ?? rest, tag: tagged?.[2] ?? "latest", digest };
}

/** The same image under its short name: "library/redis" is "redis". */
export function sameRepository(a: string, b: string): boolean {
  const short = (name: string): string => name.replace(/^(?:[^/]*\.[^/]*\/)?library\//, "");
  return short(a) === short(b);
}

/** A Debian version without epoch, revision and repacking marks: "5:7.0.15-1~deb12u10" → "7.0.15". */
export function upstreamVersion(debian: string): string {
  return debian
    .replace(/^\d+:/, "")
    .replace(/-[^-]*$/, "")
    .replace(/[+~].*$/, "");
}

/** Does a tag honestly name a version? "latest", "7", "7.0" and "7.0.15" name 7.0.15; "7.2", "7.0.1" and "7-alpine" do not; "v7.0" is "7.0". */
export function tagNamesVersion(tag: string, version: string): boolean {
  const named = tag.replace(/^v(?=\d)/, "");
  return tag === "latest" || version === named || version.startsWith(`${named}.`);
}
