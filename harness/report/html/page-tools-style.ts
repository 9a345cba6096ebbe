/** Style of what the page's script adds (buttons, fields, the values under the pointer), and of the history of runs. */
export const PAGE_TOOLS_STYLE = `
.tools{margin:.4em 0;font-size:.9rem}.tools label{display:inline-block;margin:.2em 1em .2em 0}
.tools button,.tools input[type=search]{font:inherit;color:var(--ink);background:var(--paper);border:1px solid var(--quiet);border-radius:4px;padding:.15em .6em;min-width:2.2em}
.tools input[type=search]{min-width:14em;max-width:100%}
.tools button:focus-visible,.tools input:focus-visible{outline:3px solid var(--link);outline-offset:2px}
.cross{stroke:var(--quiet);stroke-width:1;pointer-events:none}.span{fill:var(--c-blue);fill-opacity:.18;pointer-events:none}
.tip{position:fixed;z-index:9;pointer-events:none;background:var(--back);color:var(--ink);border:1px solid var(--quiet);border-radius:4px;padding:.2em .6em;font-size:.85rem;font-variant-numeric:tabular-nums;max-width:24em}
.run{display:inline-block;width:1.5em;text-align:center;font-weight:700;border:1px solid currentColor;border-radius:3px;margin:1px;line-height:1.5}
.run.v-fail,.run.v-error{background:var(--bad);color:var(--back);border-color:var(--bad)}
.trend{min-width:12em}.trend a{text-decoration:none}
[hidden]{display:none}
@media print{.tools,.tip,.cross{display:none}}
`;
