import type { LayerHistogram, SheetRow } from './figures.ts'
import { escapedHtml as escaped } from './html-text.ts'
import { FIGURE_STYLE, figureLinks, figuresHtml } from './report-figures.ts'
import type { Language, Table } from './report.ts'

const STYLE = `:root{color-scheme:light;--line:#d0d5dd;--faint:#667085;--bar:#3b82f6;--back:#fff;--ink:#101828}
@media screen and (prefers-color-scheme:dark){:root{color-scheme:dark;--line:#344054;--faint:#98a2b3;--back:#0c111d;--ink:#f2f4f7}}
body{margin:0 auto;max-width:72rem;padding:1.5rem;background:var(--back);color:var(--ink);font:14px/1.5 system-ui,sans-serif}
h1{font-size:1.4rem}h2{font-size:1.05rem;margin-top:2rem}table{border-collapse:collapse;width:100%}
th,td{border-bottom:1px solid var(--line);padding:.3rem .6rem .3rem 0;text-align:left;vertical-align:top;overflow-wrap:anywhere}
th{color:var(--faint);font-weight:600;white-space:nowrap}td:first-child{min-width:5.5rem}td.bar{min-width:9rem}td.bar i{display:block;height:3px;background:var(--bar);border-radius:2px}
img{max-width:100%}.wide{overflow-x:auto}tr.error td:first-child{color:#d92d20;font-weight:600}tr.warning td:first-child{color:#b54708;font-weight:600}
nav{display:flex;flex-wrap:wrap;gap:.3rem 1rem}nav a{color:var(--bar)}@media print{nav{display:none}body{max-width:none;padding:0}tr{break-inside:avoid}h2{break-after:avoid}*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
p.note{color:var(--faint);margin:.2rem 0 .8rem}
${FIGURE_STYLE}`

export interface ReportPicture {
  readonly title: string
  readonly png: Uint8Array
}

/** Tables that a person reads before any picture: summary and readiness. */
const FIRST = 2

export interface ReportFigures {
  /** Of the layers that lost most. */
  readonly histograms: readonly LayerHistogram[]
  /** Of the golden pictures; absent: the models were not run yet. */
  readonly sheet?: readonly SheetRow[]
  /** The run's side by side picture. */
  readonly picture?: ReportPicture
}

/** One page without any other file: styles, drawings and pictures inside, no script, nothing is fetched. */
export function reportHtml(title: string, tables: readonly Table[], language: Language, { histograms, sheet = [], picture }: ReportFigures = { histograms: [] }): string {
  const shown = picture ? `<h2 id="picture">${escaped(picture.title)}</h2><img alt="${escaped(picture.title)}" src="data:image/png;base64,${Buffer.from(picture.png).toString('base64')}">\n` : ''
  const links = tables.map((table, index) => `<a href="#t${index}">${escaped(table.title)}</a>`)
  return `<!doctype html>
<html lang="${language === 'zh' ? 'zh-CN' : 'en'}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${escaped(title)}</title><style>${STYLE}</style></head><body>
<h1>${escaped(title)}</h1><nav>${links.slice(0, FIRST).join('')}${figureLinks(histograms, sheet, language)}${links.slice(FIRST).join('')}</nav>
${tables.slice(0, FIRST).map(tableHtml).join('')}${figuresHtml(histograms, sheet, language)}${shown}${tables.slice(FIRST).map((table, index) => tableHtml(table, index + FIRST)).join('')}</body></html>
`
}

function tableHtml({ title, head, rows, bar, states = [] }: Table, index: number): string {
  const named = head.some((cell) => cell !== '')
  const cell = (text: string, column: number): string =>
    column === bar ? `<td class="bar">${escaped(text)}<i style="width:${Math.round(100 * Math.max(0, Math.min(1, Number(text) || 0)))}%"></i></td>` : `<td>${escaped(text)}</td>`
  const body = rows.map((row, line) => `<tr${states[line] === 'error' || states[line] === 'warning' ? ` class="${states[line]}"` : ''}>${row.map(cell).join('')}</tr>`).join('\n')
  return `<h2 id="t${index}">${escaped(title)}</h2><div class="wide"><table>${named ? `<thead><tr>${head.map((one) => `<th>${escaped(one)}</th>`).join('')}</tr></thead>` : ''}<tbody>
${body}
</tbody></table></div>
`
}
