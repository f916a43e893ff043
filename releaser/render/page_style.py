"""The style of every HTML page: one column of text, light and dark, for a phone, a desk and paper.

Colours carry no meaning alone: what they say, a word and a shape beside them say too. Every pair of text and ground
has a contrast of at least 4.5 (WCAG 2.2 AA); a test computes it from these very lines.
"""

_COLOURS = """
:root{color-scheme:light dark;--ground:#fafaf8;--paper:#ffffff;--ink:#1d2125;--soft:#565d66;--line:#dcdfe3;
--accent:#1d4f91;--good:#1a6636;--care:#7d4a00;--bad:#9c1f28;--wash:#f1f2f0;--gone:#fbe9ea;--come:#e4f3e8}
@media (prefers-color-scheme:dark){:root{--ground:#14171a;--paper:#1b1f23;--ink:#e6e8eb;--soft:#a3abb4;--line:#343b42;
--accent:#8fb8f6;--good:#7fcd98;--care:#edb55e;--bad:#ff9d98;--wash:#22272c;--gone:#48262a;--come:#1f3f2b}}
"""

_TEXT = """
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-padding-top:1rem}
body{margin:0;background:var(--ground);color:var(--ink);font:1rem/1.6 system-ui,-apple-system,"Segoe UI",Roboto,
"Helvetica Neue",Arial,sans-serif;overflow-wrap:break-word}
a{color:var(--accent);text-decoration-thickness:1px;text-underline-offset:.18em}
a:hover{text-decoration-thickness:2px}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px;border-radius:2px}
h1,h2,h3,h4{line-height:1.25;font-weight:650;text-wrap:balance;margin:2.2em 0 .6em}
h1{font-size:clamp(1.6rem,1.2rem + 2vw,2.2rem);letter-spacing:-.015em;margin:0 0 .35em}
h2{font-size:1.25rem}
h3{font-size:1.05rem}
p,ul,ol,dl,pre,table{margin:0 0 1rem}
p,li,dd{max-width:68ch}
ul,ol{padding-left:1.3em}
li+li{margin-top:.3em}
code,pre,dd,li,h1{overflow-wrap:anywhere}
code,pre{font:.875em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace}
pre{background:var(--wash);border:1px solid var(--line);border-radius:6px;padding:.75rem .9rem;margin:.5rem 0 .9rem;
white-space:pre-wrap;max-width:none}
del{background:var(--gone);color:var(--bad);text-decoration:line-through}
ins{background:var(--come);color:var(--good);text-decoration:underline;text-underline-offset:.15em}
time{font-variant-numeric:tabular-nums;white-space:nowrap}
.page{max-width:70rem;margin:0 auto;padding:1.5rem 1.25rem 4rem}
.lead{font-size:1.1rem;color:var(--soft);margin-bottom:1.5rem}
.soft{color:var(--soft)}
.small{font-size:.875rem}
.unseen{position:absolute;width:1px;height:1px;margin:-1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.skip:not(:focus){position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.skip:focus{display:inline-block;padding:.5rem 1rem}
"""

_PARTS = """
.notes{list-style:none;padding:0}
.notes>li{padding-left:1.1em;position:relative}
.notes>li::before{content:"–";position:absolute;left:0;color:var(--soft)}
.below{color:var(--soft);font-size:.875rem}
.mark{font-size:.8125rem;font-weight:650;white-space:nowrap;margin-right:.15em}
.weaker{color:var(--bad)}
.stronger{color:var(--good)}
.callout{border:1px solid var(--care);border-left-width:5px;border-radius:6px;background:var(--paper);
padding:.85rem 1.1rem;margin:0 0 1.5rem}
.callout>:last-child{margin-bottom:0}
.callout p{margin-bottom:.4rem}
.wide{overflow-x:auto;margin:0 0 1.5rem;border:1px solid var(--line);border-radius:8px;background:var(--paper)}
.wide table{margin:0}
table{border-collapse:collapse;width:100%;font-size:.9375rem}
th,td{text-align:left;vertical-align:top;padding:.6rem .9rem;border-bottom:1px solid var(--line)}
tbody tr:last-child>*{border-bottom:0}
thead th{font-size:.8125rem;font-weight:600;color:var(--soft);background:var(--wash);white-space:nowrap}
tbody th{font-weight:600}
"""

_PAPER = """
@media (max-width:40rem){.page{padding:1rem .9rem 3rem}th,td{padding:.5rem .65rem}.wide table{min-width:36rem}
.callout{padding:.75rem .9rem}}
@media print{:root{--ground:#fff;--paper:#fff;--ink:#000;--soft:#444;--line:#bbb;--accent:#000;--good:#000;--care:#000;
--bad:#000;--wash:#fff;--gone:#fff;--come:#fff}body{font-size:10pt}.page{max-width:none;padding:0}
.wide{overflow:visible;border:0}pre,tr,.callout{break-inside:avoid}h2,h3{break-after:avoid}.skip,nav{display:none}
a{text-decoration:none}thead{display:table-header-group}}
@media (prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}
"""

STYLE = f"{_COLOURS}{_TEXT}{_PARTS}{_PAPER}"
