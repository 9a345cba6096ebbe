import type { JournalEvent } from "./events.ts";

/** The event with what older versions said in words only, filled in where a journal is read: nobody else has to look at words. */
export function withOlderWords(event: JournalEvent): JournalEvent {
  switch (event.type) {
    case "evidence": {
      const { data, summary } = event;
      if (data?.found !== "") return event;
      const [found = ""] = summary.split(". missing: ");
      return { ...event, data: { ...data, found } };
    }
    case "note": {
      if (!/^its role (was not looked at|could not be set) while healing/.test(event.text)) return event;
      return { ...event, kind: "not-healed" };
    }
    case "topology": {
      const left = /^as (.+) left it$/.exec(event.reason)?.[1];
      return left === undefined || event.leftBy ? event : { ...event, leftBy: left.split(", ") };
    }
    default:
      return event;
  }
}
