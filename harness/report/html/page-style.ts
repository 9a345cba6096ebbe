/** Conditions by what they look like: colour of the bar, colour of the text on it. Okabe and Ito's palette. */
const CONDITIONS: Record<string, [bar: string, text: string]> = {
  healthy: ["#2eb492", "#000"],
  slow: ["#56b4e9", "#000"],
  restoring: ["#0072b2", "#fff"],
  stalled: ["#f0e442", "#000"],
  partial: ["#e69f00", "#000"],
  unresponsive: ["#882255", "#fff"],
  livelocked: ["#cc79a7", "#000"],
  deadlocked: ["#e46c0a", "#000"],
  dead: ["#000", "#fff"],
  unknown: ["transparent", "var(--quiet)"],
};
/** Not the server's doing: hatched. */
const HATCHED = ["paused", "down", "starved"];

/**
 * The report's only style sheet; its hash is in the page's content security policy. Of a key's life the shape tells what, fill and
 * dashes how it ended, frame and word what contradicts (`.life…`, `.out-…`). What the page's script adds is below `.tools`.
 */
export const PAGE_STYLE = `
:root{color-scheme:light dark;--back:#fff;--paper:#f6f7f9;--ink:#16191d;--quiet:#5a636e;--rule:#d8dde3;--link:#0a5cad;--bad:#a83e00;--good:#00694d;--warn:#7a5200;--c-blue:#0072b2;--c-orange:#b87700;--c-green:#00875f;--c-purple:#b0558a;--c-sky:#2b8fca;--c-red:#d55e00;--hatch:#8b95a1}
@media (prefers-color-scheme:dark){:root{--back:#14171b;--paper:#1d2127;--ink:#e8ebef;--quiet:#a3adb8;--rule:#363d46;--link:#7cc0f5;--bad:#ff9a5c;--good:#4fd1a8;--warn:#f0c05a;--c-blue:#5db2ea;--c-orange:#f0b030;--c-green:#35c79a;--c-purple:#e39ac4;--c-sky:#9ad4f7;--c-red:#ff8a47;--hatch:#7b8794}}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
main,header,footer{max-width:1320px;margin:0 auto;padding:0 20px}
header{padding-top:24px}
h1{font-size:1.55rem;line-height:1.3;margin:.3em 0}
h2{font-size:1.2rem;margin:2em 0 .6em;padding-top:.6em;border-top:1px solid var(--rule)}
h3{font-size:1.05rem;margin:0 0 .4em}
h4{font-size:.95rem;margin:1em 0 .3em}
p{margin:.5em 0}
h1,p,li,summary{overflow-wrap:break-word}
a{color:var(--link)}
a:focus-visible,summary:focus-visible,.scroll:focus-visible{outline:3px solid var(--link);outline-offset:2px}
.verdict{display:inline-block;font-weight:700;letter-spacing:.06em;padding:.1em .7em;border-radius:4px;border:2px solid currentColor}
.v-pass{color:var(--good)}.v-fail,.v-error{color:var(--bad)}.v-inconclusive,.v-interrupted{color:var(--warn)}
.quiet{color:var(--quiet)}
.tag{font-size:.8rem;font-weight:600;padding:.05em .5em;border:1px solid currentColor;border-radius:3px;white-space:nowrap}
.t-bad{color:var(--bad)}.t-good{color:var(--good)}.t-warn{color:var(--warn)}
.finding{background:var(--paper);border-left:5px solid var(--bad);border-radius:4px;padding:14px 18px;margin:14px 0}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25em 1em;margin:.6em 0}
dt{color:var(--quiet)}
.facts{border-left:5px solid var(--bad);background:var(--paper);border-radius:4px;padding:10px 16px;margin:.8em 0 1.2em}.facts dt{font-weight:600;color:var(--ink)}
dd{margin:0;overflow-wrap:anywhere}
pre,code{font:13px/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace}
pre{background:var(--paper);padding:10px 12px;border-radius:4px;border:1px solid var(--rule);margin:.5em 0;white-space:pre-wrap;overflow-wrap:anywhere}
.finding pre{background:var(--back)}
.scroll{overflow-x:auto}.scroll>table{min-width:34em}
table{border-collapse:collapse;width:100%;font-size:.92rem}
th,td{text-align:left;padding:.35em .8em .35em 0;border-bottom:1px solid var(--rule);vertical-align:top;overflow-wrap:anywhere}
.scroll>table td{overflow-wrap:break-word}.scroll td code{overflow-wrap:anywhere}
th{color:var(--quiet);font-weight:600;overflow-wrap:normal}.checks td:first-child{white-space:nowrap}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
mark{background:#f0e442;color:#000;padding:0 2px}
details{margin:.6em 0}
summary{cursor:pointer;font-weight:600}
ul{padding-left:1.3em}
footer{overflow-wrap:anywhere;padding-bottom:40px;margin-top:3em;font-size:.9rem}
.patterns{position:absolute}.narrow{display:none}
.timeline{display:block;width:100%;height:auto;font:11px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
.timeline text{fill:var(--ink)}
.timeline .lane{font-weight:600;font-size:12px}
.timeline .tick,.timeline .label{fill:var(--quiet)}
.timeline .lane,.timeline .tick{paint-order:stroke;stroke:var(--back);stroke-width:3px}
.timeline .label-doubt{fill:var(--warn)}
.timeline .mid{text-anchor:middle}
.timeline .end{text-anchor:end}
.grid,.rule{stroke:var(--rule);stroke-width:1}
.grid{stroke-dasharray:1 3}
.phase0{fill:var(--c-blue);fill-opacity:.28}.phase1{fill:var(--c-blue);fill-opacity:.14}
.fault{fill:var(--c-orange);fill-opacity:.85;stroke:var(--back);stroke-width:.6}
.fault-doubt{fill:var(--back);stroke:var(--bad);stroke-width:1.4;stroke-dasharray:3 2}
.master{fill:var(--ink)}
.shade{fill:url(#hatch);fill-opacity:.6}
.hatch-back{fill:var(--paper)}
.hatch-line{stroke:var(--hatch);stroke-width:3}
${Object.entries(CONDITIONS)
  .map(([name, [bar, text]]) => `.is-${name}{fill:${bar}}.timeline .on-${name}{fill:${text}}`)
  .join("\n")}
.is-dead{stroke:var(--quiet)}
${HATCHED.map((name) => `.is-${name}{fill:url(#hatch);stroke:var(--hatch);stroke-width:.8}.timeline .on-${name}{fill:var(--ink);paint-order:stroke;stroke:var(--paper);stroke-width:3px}`).join("\n")}
.line{fill:none;stroke-width:1.6;stroke-linejoin:round;stroke-linecap:round}
.s1{stroke:var(--c-blue)}.s2{stroke:var(--c-orange);stroke-dasharray:6 3}.s3{stroke:var(--c-green);stroke-dasharray:2 3}
.s4{stroke:var(--c-purple);stroke-dasharray:8 3 2 3}.s5{stroke:var(--c-sky);stroke-dasharray:10 4}.s6{stroke:var(--c-red);stroke-dasharray:1 3}
.line.s-rest{stroke:var(--quiet);stroke-width:1;stroke-opacity:.55}
.s-ok{stroke:var(--c-green)}.s-fail{stroke:var(--c-red);stroke-dasharray:5 3}.s-info{stroke:var(--c-purple);stroke-dasharray:2 3}
.proof{font-size:1.1rem;line-height:1.45;border:2px solid var(--bad);border-radius:4px;padding:10px 14px;margin:.8em 0;background:var(--back);overflow-wrap:anywhere}
.proof strong{color:var(--bad)}
.waits{display:block;height:auto;font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
.waits text{fill:var(--ink)}.waits .wt{font-weight:600;font-size:13px}.waits .wl{fill:var(--quiet)}.waits .wcut{fill:var(--bad);font-weight:600}.wmid{text-anchor:middle}
.wb{fill:var(--back);stroke:var(--quiet);stroke-width:1.2}.wbc{stroke:var(--bad);stroke-width:2.5}.wbx{stroke:var(--bad);stroke-width:2;stroke-dasharray:6 4}.wbr{stroke:var(--warn);stroke-width:2}
.wa{fill:none;stroke:var(--quiet);stroke-width:1.4}.wac{stroke:var(--bad);stroke-width:2.5}.wam{stroke-dasharray:4 4}
.wh{fill:var(--quiet)}.whc{fill:var(--bad)}
details pre{max-height:32em;overflow:auto}
pre strong{color:var(--bad)}
.threads td{min-width:5em}.threads pre{margin:.3em 0}.threads details{margin:.2em 0}.threads summary{font-weight:400}
.in-cycle td:first-child{box-shadow:inset 4px 0 var(--bad)}
.d1,.d2,.d3,.d6{stroke-width:6}.d1{stroke:var(--c-blue)}.d2{stroke:var(--c-orange);stroke-linecap:square}.d3{stroke:var(--c-green)}.d6{stroke:var(--c-red);stroke-width:9;stroke-linecap:butt}
.finding-line{stroke:var(--bad);stroke-width:1.4}
.finding-dot{fill:var(--bad)}
.timeline .finding-number{fill:var(--back);font-weight:700;text-anchor:middle}

.life{display:block;font:11px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
.life text{fill:var(--ink)}.life .lane{font-weight:600;font-size:12px}.life .tick{fill:var(--quiet)}.life .mid{text-anchor:middle}
.life-write{fill:var(--c-blue);stroke:var(--c-blue)}.life-deadline{fill:var(--c-purple);stroke:var(--c-purple)}.life-read{fill:var(--back);stroke:var(--c-green);stroke-width:2}
.life-final-read{fill:var(--back);stroke:var(--ink);stroke-width:2}.life-flush-effect{fill:var(--c-orange);stroke:var(--c-orange)}
.out-info{fill-opacity:.25;stroke-dasharray:4 3}.out-fail{fill:url(#life-cross);stroke:var(--quiet);stroke-dasharray:1 2}
.life-cross{stroke:var(--quiet);stroke-width:1}
.life-band{fill-opacity:.16;stroke-width:1}.band-flush{fill:var(--c-orange);stroke:var(--c-orange)}.band-switch{fill:var(--c-purple);stroke:var(--c-purple);stroke-dasharray:6 3}
.band-kill{fill:var(--ink);stroke:var(--ink);stroke-dasharray:2 2}.band-fault{fill:var(--quiet);stroke:var(--quiet);stroke-dasharray:8 3 2 3}
.life-frame{fill:none;stroke:var(--bad);stroke-width:2.5}.life-bad-band{stroke:var(--bad);stroke-width:3;stroke-dasharray:none}
.life .life-bad{fill:var(--bad);font-weight:700}
.marked td:first-child{box-shadow:inset 4px 0 var(--bad)}.marked{font-weight:600}
@media print{.life{width:100%;height:auto}}
figure{margin:.8em 0}.heat{display:block;padding:0 .5em;border-radius:3px}.heat0{color:var(--quiet)}
${[10, 18, 26, 34, 44].map((share, i) => `.heat${i + 1}{background:color-mix(in srgb,var(--c-blue) ${share}%,transparent);font-weight:600}`).join("")}
td.when{white-space:nowrap;font-variant-numeric:tabular-nums}

.tools{margin:.4em 0;font-size:.9rem}.tools label{display:inline-block;margin:.2em 1em .2em 0}
.tools button,.tools input[type=search]{font:inherit;color:var(--ink);background:var(--paper);border:1px solid var(--quiet);border-radius:4px;padding:.15em .6em;min-width:2.2em}
.tools input[type=search]{min-width:14em;max-width:100%}
.tools button:focus-visible,.tools input:focus-visible{outline:3px solid var(--link);outline-offset:2px}
.cross{stroke:var(--quiet);stroke-width:1;pointer-events:none}.span{fill:var(--c-blue);fill-opacity:.18;pointer-events:none}
.tip{position:fixed;z-index:9;pointer-events:none;background:var(--back);color:var(--ink);border:1px solid var(--quiet);border-radius:4px;padding:.2em .6em;font-size:.85rem;font-variant-numeric:tabular-nums;max-width:24em}
.run{display:inline-block;width:1.5em;text-align:center;font-weight:700;border:1px solid currentColor;border-radius:3px;margin:1px;line-height:1.5}
.run.v-fail,.run.v-error{background:var(--bad);color:var(--back);border-color:var(--bad)}
.matrix{display:flex;flex-wrap:wrap;gap:2px 14px;align-items:flex-start}.matrix .scroll{max-width:100%}.matrix table{width:auto;min-width:0;font-size:12px;line-height:17px}
.matrix th,.matrix td{padding:0 .6em 0 0;vertical-align:bottom;overflow-wrap:normal}.matrix thead th{max-width:9em;font-weight:400;overflow-wrap:break-word}.matrix tbody th,.matrix td{white-space:nowrap}
.matrix tbody th{font-weight:400}.matrix tbody a{color:var(--ink);text-decoration:none}.matrix tbody a:hover{text-decoration:underline}.matrix .run{line-height:15px;margin:0}
.trend{min-width:12em}.trend a{text-decoration:none}
[hidden]{display:none}
@media print{.tools,.tip,.cross{display:none}}

@media screen and (max-width:700px){.narrow{display:block}.wide{display:none}}
@media (max-width:600px){main,header,footer{padding-left:14px;padding-right:14px}.checks thead{display:none}.checks tr{display:grid;grid-template-columns:1fr max-content;border-bottom:1px solid var(--rule);padding:.3em 0}.checks td{border:0;padding:.1em 0}.checks td:last-child{grid-column:1/-1}dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.5em}.finding{padding:12px}h1{font-size:1.25rem}}
@media print{:root{--back:#fff;--paper:#f6f7f9;--ink:#000;--quiet:#444;--rule:#bbb;--link:#000;--bad:#a83e00;--good:#00694d;--warn:#7a5200}body{font-size:11pt}.finding,tr,svg{break-inside:avoid}.scroll{overflow:visible}details pre{max-height:none}}
`;
