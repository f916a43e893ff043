"""What the history pages need beside the style of every page."""

from releaser.render.page_style import STYLE

_BARS = """
.top{display:flex;flex-wrap:wrap;gap:.25rem .6rem;align-items:baseline;font-size:.9375rem;margin-bottom:2rem}
.top ol{display:flex;flex-wrap:wrap;gap:.25rem .6rem;list-style:none;padding:0;margin:0}
.top li{margin:0;max-width:none}
.top li+li::before{content:"/";color:var(--soft);margin-right:.6rem}
.around{display:flex;justify-content:space-between;gap:1rem;margin-top:3rem}
.foot{border-top:1px solid var(--line);margin-top:3.5rem;padding-top:1rem;color:var(--soft);font-size:.8125rem}
.state{display:inline-flex;align-items:baseline;gap:.35em;font-size:.8125rem;font-weight:600;white-space:nowrap}
.state.live{color:var(--good)}
.state.unverified,.state.open{color:var(--care)}
.state.held,.state.failed{color:var(--bad)}
.state.retired,.state.none{color:var(--soft)}
.flag{font-size:.8125rem;font-weight:600;color:var(--care);white-space:nowrap}
.rel{font-weight:650;font-variant-numeric:tabular-nums}
.cell{display:flex;flex-wrap:wrap;gap:.1rem .6rem;align-items:baseline}
.cell>.said{flex-basis:100%}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(9.5rem,45%),1fr));gap:1rem 2rem;margin:0 0 2rem}
.facts dt{font-size:.8125rem;color:var(--soft)}
.facts dd{margin:0;font-weight:500}
.key{display:flex;flex-wrap:wrap;gap:.4rem 1.4rem;list-style:none;padding:0;font-size:.8125rem}
.key li{margin:0}
.attention{list-style:none;padding:0;margin:0 0 2rem;border:1px solid var(--line);border-radius:8px;
background:var(--paper)}
.attention li{max-width:none;margin:0;padding:.6rem .9rem;border-bottom:1px solid var(--line)}
.attention li:last-child{border-bottom:0}
details{margin:0 0 1.5rem}
summary{cursor:pointer;color:var(--accent);padding:.3rem 0}
"""

_DRAWN = """
.drawn{overflow-x:auto;border:1px solid var(--line);border-radius:8px;background:var(--paper);padding:.75rem;
margin:0 0 1.5rem}
.drawn svg{display:block;width:100%;height:auto}
.drawn svg.long{min-width:44rem}
.drawn svg.chart{min-width:30rem;max-width:50rem}
svg text{fill:var(--soft);font:12px system-ui,sans-serif}
svg .name{fill:var(--ink);font-weight:600}
svg .grid{stroke:var(--line);stroke-width:1}
svg .bound{stroke:var(--bad);stroke-width:1.5;stroke-dasharray:5 4}
svg .a{fill:var(--wash);stroke:var(--accent);stroke-width:1}
svg .b{fill:var(--accent);fill-opacity:.22;stroke:var(--accent);stroke-width:1}
svg .now{fill:var(--accent);stroke:var(--accent)}
svg text.in{fill:var(--ink);font-size:11px}
svg text.in.now{fill:var(--paper);stroke:none}
svg .line{fill:none;stroke-width:2}
svg .s0{stroke:var(--accent)}svg .s1{stroke:var(--good)}svg .s2{stroke:var(--care)}
svg .m0{fill:var(--accent)}svg .m1{fill:var(--good)}svg .m2{fill:var(--care)}
svg .bad{fill:var(--bad)}
"""

_SMALL = """
@media (min-width:44.01rem){.cards tbody th{white-space:nowrap}}
@media (max-width:44rem){
.wide.cards table{min-width:0}
.cards thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.cards table,.cards tbody,.cards tr,.cards th,.cards td{display:block}
.cards tr{padding:.75rem .9rem;border-bottom:1px solid var(--line)}
.cards tr:last-child{border-bottom:0}
.cards th,.cards td{border:0;padding:.2rem 0}
.cards td{display:grid;grid-template-columns:6.5rem 1fr;gap:.5rem}
.cards td:empty{display:none}
.cards td::before{content:attr(data-of);color:var(--soft);font-size:.8125rem}
}
@media print{.drawn{border:0;padding:0}.drawn svg.long,.drawn svg.chart{min-width:0}.foot{margin-top:1rem}}
"""

SITE_STYLE = f"{STYLE}{_BARS}{_DRAWN}{_SMALL}".replace("\n", "").strip() + "\n"
