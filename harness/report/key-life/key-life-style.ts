/** Style of the key's life: shape tells what, fill and dashes tell how it ended, frame and word tell what contradicts. */
export const KEY_LIFE_STYLE = `
.life{display:block;font:11px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
.life text{fill:var(--ink)}.life .lane{font-weight:600;font-size:12px}.life .tick{fill:var(--quiet)}.life .mid{text-anchor:middle}
.life-write{fill:var(--c-blue);stroke:var(--c-blue)}.life-read{fill:var(--back);stroke:var(--c-green);stroke-width:2}
.life-final-read{fill:var(--back);stroke:var(--ink);stroke-width:2}.life-flush-effect{fill:var(--c-orange);stroke:var(--c-orange)}
.out-info{fill-opacity:.25;stroke-dasharray:4 3}.out-fail{fill:url(#life-cross);stroke:var(--quiet);stroke-dasharray:1 2}
.life-cross{stroke:var(--quiet);stroke-width:1}
.life-band{fill-opacity:.16;stroke-width:1}.band-flush{fill:var(--c-orange);stroke:var(--c-orange)}.band-switch{fill:var(--c-purple);stroke:var(--c-purple);stroke-dasharray:6 3}
.band-kill{fill:var(--ink);stroke:var(--ink);stroke-dasharray:2 2}.band-fault{fill:var(--quiet);stroke:var(--quiet);stroke-dasharray:8 3 2 3}
.life-frame{fill:none;stroke:var(--bad);stroke-width:2.5}.life-bad-band{stroke:var(--bad);stroke-width:3;stroke-dasharray:none}
.life .life-bad{fill:var(--bad);font-weight:700}
.marked td:first-child{box-shadow:inset 4px 0 var(--bad)}.marked{font-weight:600}
@media print{.life{width:100%;height:auto}}
td.when{white-space:nowrap;font-variant-numeric:tabular-nums}
`;
