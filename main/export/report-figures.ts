import type { LayerHistogram, SheetRow } from './figures.ts'
import { escapedHtml } from './html-text.ts'
import type { Language } from './report.ts'

const T = {
  histograms: { en: 'Histograms of the worst layers', zh: '最差层的直方图' },
  about: { en: 'Float values on the calibration samples, counts on a logarithmic axis; the shaded part is the range that the codes hold.', zh: '校准样本上的浮点值，计数为对数轴；着色部分为编码可表示的范围。' },
  outside: { en: 'outside the range', zh: '超出范围' },
  sheet: { en: 'Golden pictures', zh: '参考图像' },
  tile: { en: 'The window of each output in which the quantized model differs most from the float model, pixel by pixel.', zh: '每个输出中量化模型与浮点模型差异最大的窗口，逐像素显示。' },
  float: { en: 'float', zh: '浮点' }, quantized: { en: 'quantized (simulated)', zh: '量化（仿真）' }, difference: { en: 'difference', zh: '差异' },
  upTo: { en: 'up to', zh: '最大' }, levels: { en: 'of 255 levels', zh: '级（共 255 级）' }, same: { en: 'no level differs', zh: '所有级别相同' }, at: { en: 'window at', zh: '窗口位于' }, of: { en: 'of', zh: '，全图' },
} as const

/** Colours come from the page's own variables, so that print and dark pages stay readable. */
export const FIGURE_STYLE = `.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(22rem,1fr));gap:1rem 1.5rem}figure{margin:0;break-inside:avoid}figcaption{color:var(--faint);font-size:12px;overflow-wrap:anywhere}figcaption b{color:var(--ink)}
svg.hist{display:block;width:100%;height:auto}.hist .bar{fill:var(--bar)}.hist .range{fill:var(--bar);opacity:.13}.hist .end{stroke:var(--bar);stroke-width:1.5;stroke-dasharray:4 3}.hist .axis{stroke:var(--faint);stroke-width:1}.hist .grid{stroke:var(--line);stroke-width:.7}.hist text{fill:var(--faint);font:11px system-ui,sans-serif}
.sheet{display:grid;grid-template-columns:repeat(3,minmax(0,16rem));gap:.4rem 1rem;break-inside:avoid;margin-bottom:1.2rem}.sheet p{grid-column:1/-1;margin:0;color:var(--faint);font-size:12px}.sheet p b{color:var(--ink)}.sheet img{width:100%;image-rendering:pixelated;border:1px solid var(--line);box-sizing:border-box}`

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [460, 170, 40, 12, 8, 26] as const

const short = (value: number): string => (value === 0 ? '0' : String(Number(value.toPrecision(3))))
const at = (value: number): string => String(Number(value.toFixed(2)))

/** Histograms as drawings, and the picture sheet; '' where there is neither. */
export function figuresHtml(histograms: readonly LayerHistogram[], sheet: readonly SheetRow[], language: Language): string {
  const t = (key: keyof typeof T): string => T[key][language]
  const drawn = histograms.map((one) => `<figure>${histogramSvg(one)}<figcaption><b>${escapedHtml(one.tensor)}</b> · ${escapedHtml(one.op)} · cosine ${one.cosine.toFixed(6)} · SQNR ${one.sqnrDb.toFixed(1)} dB · ${t('outside')} ${short(one.outsidePercent)} %</figcaption></figure>`)
  const rows = sheet.map((row) => sheetRowHtml(row, language))
  return [
    ...(drawn.length === 0 ? [] : [`<h2 id="histograms">${t('histograms')}</h2><p class="note">${t('about')}</p><div class="figures">\n${drawn.join('\n')}\n</div>\n`]),
    ...(rows.length === 0 ? [] : [`<h2 id="sheet">${t('sheet')}</h2><p class="note">${t('tile')}</p>\n${rows.join('\n')}\n`]),
  ].join('')
}

/** Links to the figures that there are. */
export const figureLinks = (histograms: readonly LayerHistogram[], sheet: readonly SheetRow[], language: Language): string =>
  [histograms.length === 0 ? '' : `<a href="#histograms">${T.histograms[language]}</a>`, sheet.length === 0 ? '' : `<a href="#sheet">${T.sheet[language]}</a>`].join('')

/** Ticks at powers of ten, few enough to be read. */
function decades(most: number): number[] {
  const top = Math.max(1, Math.ceil(Math.log10(Math.max(1, most))))
  const step = Math.ceil(top / 4)
  return Array.from({ length: Math.floor(top / step) + 1 }, (_, index) => index * step)
}

function histogramSvg({ tensor, from, to, counts, range: [lo, hi] }: LayerHistogram): string {
  const most = Math.max(1, ...counts)
  const top = Math.max(1, Math.ceil(Math.log10(most + 1)))
  const x = (value: number): number => LEFT + ((value - from) / (to - from)) * (WIDTH - LEFT - RIGHT)
  const y = (count: number): number => HEIGHT - BOTTOM - (count <= 0 ? 0 : (Math.log10(count + 1) / top) * (HEIGHT - TOP - BOTTOM))
  const base = HEIGHT - BOTTOM
  const step = (WIDTH - LEFT - RIGHT) / counts.length
  const bars = counts.map((count, bin) => (count <= 0 ? '' : `M${at(LEFT + bin * step)} ${at(base)}V${at(y(count))}h${at(step * 0.9)}V${at(base)}z`)).join('')
  const grid = decades(most).filter((power) => power <= top).map((power) => `<path class="grid" d="M${LEFT} ${at(y(10 ** power - (power === 0 ? 1 : 0)))}H${WIDTH - RIGHT}"/><text x="${LEFT - 5}" y="${at(y(10 ** power - (power === 0 ? 1 : 0)) + 4)}" text-anchor="end">${power === 0 ? '0' : power === 1 ? '10' : `1e${power}`}</text>`).join('')
  return `<svg class="hist" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapedHtml(tensor)}">${grid}<rect class="range" x="${at(x(lo))}" y="${TOP}" width="${at(Math.max(0, x(hi) - x(lo)))}" height="${base - TOP}"/><path class="bar" d="${bars}"/>${[lo, hi].map((end) => `<path class="end" d="M${at(x(end))} ${TOP}V${base}"/>`).join('')}<path class="axis" d="M${LEFT} ${base}H${WIDTH - RIGHT}"/>${ticks([from, 0, lo, hi, to], x)}</svg>`
}

/** Numbers under the axis: the ends first, then those between them that find room. */
function ticks(values: readonly number[], x: (value: number) => number): string {
  const [from, to] = [values[0]!, values.at(-1)!]
  const placed: { readonly value: number; readonly left: number; readonly right: number; readonly anchor: string }[] = []
  for (const value of [from, to, ...values.slice(1, -1)]) {
    const width = short(value).length * 6.5
    const anchor = value === to ? 'end' : value === from ? 'start' : 'middle'
    const left = x(value) - (anchor === 'end' ? width : anchor === 'middle' ? width / 2 : 0)
    if (placed.every((other) => left > other.right + 8 || left + width < other.left - 8)) placed.push({ value, left, right: left + width, anchor })
  }
  return placed.map(({ value, anchor }) => `<text x="${at(x(value))}" y="${HEIGHT - 9}" text-anchor="${anchor}">${short(value)}</text>`).join('')
}

function sheetRowHtml({ input, width, height, tile, float, quantized, difference, gain, maxLevels, psnrDb }: SheetRow, language: Language): string {
  const t = (key: keyof typeof T): string => T[key][language]
  const image = (png: Uint8Array, name: string): string => `<figure><img alt="${escapedHtml(`${input}: ${name}`)}" src="data:image/png;base64,${Buffer.from(png).toString('base64')}"><figcaption>${escapedHtml(name)}</figcaption></figure>`
  const quality = psnrDb === null ? t('same') : `PSNR-Y ${psnrDb.toFixed(2)} dB`
  const facts = psnrDb === null ? '' : ` · ${t('upTo')} ${maxLevels.toFixed(1)} ${t('levels')} · ${t('at')} ${tile.x}, ${tile.y} (${tile.width}×${tile.height}${language === 'zh' ? '' : ' '}${t('of')} ${width}×${height})`
  return `<div class="sheet"><p><b>${escapedHtml(input)}</b> · ${quality}${facts}</p>${image(float, t('float'))}${image(quantized, t('quantized'))}${image(difference, `${t('difference')} ×${gain}`)}</div>`
}
