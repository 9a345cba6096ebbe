import assert from "node:assert/strict";
import { untaggedLiterals } from "../../testing/literals.support.ts";
import { html, xml } from "./markup.ts";

describe("markup", () => {
  it("escapes what is put in, in text and attributes, and shows control characters", () => {
    const hostile = `<img src=x onerror="a('b')">&\u001b[31m`;
    assert.equal(html`<td title="${hostile}">${hostile}</td>`.text, `<td title="${ESCAPED}">${ESCAPED}</td>`);
  });

  it("takes its own markup as it is, lists of it one behind the other, and nothing for nothing", () => {
    const cells = ["a & b", 0, null].map((one) => html`<td>${one}</td>`);
    assert.equal(html`<tr>${cells}</tr>`.text, "<tr><td>a &amp; b</td><td>0</td><td></td></tr>");
    assert.equal(html`${null}${undefined}${false}${[]}`.text, "");
  });

  it("is not escaped twice, and what has become text again is", () => {
    const bold = html`<b>${"<"}</b>`;
    assert.equal(html`<p>${bold}</p>`.text, "<p><b>&lt;</b></p>");
    assert.equal(html`<p>${bold.text}</p>`.text, "<p>&lt;b&gt;&amp;lt;&lt;/b&gt;</p>");
  });

  it("leaves an empty line for what is nothing among lines", () => {
    assert.equal(html.lines([html`<hr>`, null, "<"]).text, "<hr>\n\n&lt;");
  });

  it("strips from XML what XML cannot hold", () => {
    assert.equal(xml`<a b="${"\u0000<\n"}"/>`.text, '<a b="&lt;&#10;"/>');
  });
});

const ESCAPED = "&lt;img src=x onerror=&quot;a(&#39;b&#39;)&quot;&gt;&amp;\\x1b[31m";

describe("the test of the house", () => {
  it("sees literals without a tag, wherever they stand", () => {
    const value = "$";
    const template = `html\`<b>${value}{x ? \`<i>${value}{"<u>"}</i>\` : { y: \`z\` }.y}</b>\``;
    const source = `const a = ${template}; // "<s>"\nconst b = c.replace(/["\`]/g, "<p>");`;
    assert.deepEqual(untaggedLiterals(source), ["<i>", "<u>", "</i>", "z", "<p>"]);
  });
});
