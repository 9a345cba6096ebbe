/** Outside of literals: a comment, a string, a regular expression (known by what stands before it), a template or a brace. */
const TOKEN =
  /\/\/.*|\/\*[\s\S]*?\*\/|("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|(?<=[(,=:[!&|?{;]\s*)\/(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\\n])+\/|([\w.]*)`|[{}]/g;
/** Inside of a template: its text up to its end or to a value that is put in. */
const PART = /((?:\\[\s\S]|\$(?!\{)|[^`\\$])*)(`|\$\{)/y;

/** The texts of all string and template literals of a source file that have no tag. */
export function untaggedLiterals(source: string): string[] {
  const found: string[] = [];
  const open: { tag: string; braces: number }[] = [];
  const readPart = (at: number): number => {
    PART.lastIndex = at;
    const [all = "", text = "", end] = PART.exec(source) ?? [];
    if (open.at(-1)?.tag === "") found.push(text);
    if (end === "`") open.pop();
    return at + all.length;
  };
  for (let at = 0; ; ) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(source);
    if (!match) return found;
    const [token, string, tag] = match;
    at = TOKEN.lastIndex;
    const template = open.at(-1);
    if (string !== undefined) found.push(string.slice(1, -1));
    else if (tag !== undefined) {
      open.push({ tag, braces: 0 });
      at = readPart(at);
    } else if (token === "{" && template) template.braces++;
    else if (token === "}" && template && template.braces-- === 0) {
      template.braces = 0;
      at = readPart(at);
    }
  }
}
