import { Document, isCollection, isMap, isSeq } from "yaml";

/** Longer lines are wrapped. */
const WIDTH = 160;

/**
 * An experiment as a file that a person would write: a line for each fault and load, and for each small map. What it reads back as is the
 * same. @param comment lines at its head
 */
export function documentText(document: Readonly<Record<string, unknown>>, comment: readonly string[] = []): string {
  const yaml = new Document(document, { aliasDuplicateObjects: false });
  if (isMap(yaml.contents)) {
    for (const { value } of yaml.contents.items) {
      if (!isCollection(value)) continue;
      if (isSeq(value) && value.items.some(isCollection)) {
        for (const item of value.items) if (isCollection(item)) item.flow = true;
      } else value.flow = true;
    }
  }
  const head = comment.map((line) => `# ${line}\n`).join("");
  return head + yaml.toString({ lineWidth: WIDTH, flowCollectionPadding: true });
}
