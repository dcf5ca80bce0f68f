import type { Language, Table } from './report.ts'

/** Control and bidirectional characters, which a name from a model could use to turn a page around. */
const DISTURBING = /[\p{Cc}\p{Bidi_Control}\u2028\u2029\ufeff]/gu

const escaped = (text: string): string =>
  text.replaceAll(DISTURBING, (char) => (char === '\n' || char === '\t' ? ' ' : `\\u{${char.codePointAt(0)!.toString(16)}}`)).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

const STYLE = `:root{color-scheme:light dark;--line:#d0d5dd;--faint:#667085;--bar:#3b82f6;--back:#fff;--ink:#101828}
@media(prefers-color-scheme:dark){:root{--line:#344054;--faint:#98a2b3;--back:#0c111d;--ink:#f2f4f7}}
body{margin:0 auto;max-width:72rem;padding:1.5rem;background:var(--back);color:var(--ink);font:14px/1.5 system-ui,sans-serif}
h1{font-size:1.4rem}h2{font-size:1.05rem;margin-top:2rem}table{border-collapse:collapse;width:100%}
th,td{border-bottom:1px solid var(--line);padding:.3rem .6rem .3rem 0;text-align:left;vertical-align:top;overflow-wrap:anywhere}
th{color:var(--faint);font-weight:600;white-space:nowrap}td:first-child{min-width:5.5rem}td.bar{min-width:9rem}td.bar i{display:block;height:3px;background:var(--bar);border-radius:2px}
img{max-width:100%}.wide{overflow-x:auto}tr.error td:first-child{color:#d92d20;font-weight:600}tr.warning td:first-child{color:#b54708;font-weight:600}
nav a{margin-right:1rem;color:var(--bar)}@media print{nav{display:none}body{max-width:none;padding:0}tr{break-inside:avoid}}`

export interface ReportPicture {
  readonly title: string
  readonly png: Uint8Array
}

/** One page without any other file: styles and picture inside, no script, nothing is fetched. */
export function reportHtml(title: string, tables: readonly Table[], language: Language, picture?: ReportPicture): string {
  const shown = picture ? `<h2 id="picture">${escaped(picture.title)}</h2><img alt="${escaped(picture.title)}" src="data:image/png;base64,${Buffer.from(picture.png).toString('base64')}">\n` : ''
  const links = tables.map((table, index) => `<a href="#t${index}">${escaped(table.title)}</a>`).join('')
  return `<!doctype html>
<html lang="${language === 'zh' ? 'zh-CN' : 'en'}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${escaped(title)}</title><style>${STYLE}</style></head><body>
<h1>${escaped(title)}</h1><nav>${links}</nav>
${shown}${tables.map(tableHtml).join('')}</body></html>
`
}

function tableHtml({ title, head, rows, bar }: Table, index: number): string {
  const named = head.some((cell) => cell !== '')
  const cell = (text: string, column: number): string =>
    column === bar ? `<td class="bar">${escaped(text)}<i style="width:${Math.round(100 * Math.max(0, Math.min(1, Number(text) || 0)))}%"></i></td>` : `<td>${escaped(text)}</td>`
  const body = rows.map((row) => `<tr${['error', 'warning'].includes(row[0]!) ? ` class="${row[0]!}"` : ''}>${row.map(cell).join('')}</tr>`).join('\n')
  return `<h2 id="t${index}">${escaped(title)}</h2><div class="wide"><table>${named ? `<thead><tr>${head.map((one) => `<th>${escaped(one)}</th>`).join('')}</tr></thead>` : ''}<tbody>
${body}
</tbody></table></div>
`
}
