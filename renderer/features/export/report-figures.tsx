import { useMemo } from 'react'
import type { ExportPreview, ExportSheet } from '../../../preload/contract/index.ts'
import { useCall } from '../../client.ts'
import { useSay } from '../../texts/texts.ts'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { cosine, fixed, significant } from '../../ui/format.ts'

type LayerHistogram = ExportPreview['histograms'][number]
type SheetRow = ExportSheet['rows'][number]

const [WIDTH, HEIGHT] = [460, 120]

/** The drawings of report.html: histograms of the layers that lost most, and what both models make of the golden pictures. */
export function ReportFigures({ run, histograms }: { readonly run: string; readonly histograms: readonly LayerHistogram[] }) {
  const say = useSay()
  const { data, error } = useCall('export.sheet', { run }, { staleTime: Infinity })
  return (
    <>
      {histograms.length === 0 ? null : (
        <>
          <h4>{say('export.histograms')}</h4>
          <p className="muted">{say('export.histograms.what')}</p>
          <div className="report-histograms">{histograms.map((one) => <Histogram key={one.tensor} histogram={one} />)}</div>
        </>
      )}
      {data?.rows.length === 0 ? null : <h4>{say('export.sheet')}</h4>}
      {error === null ? null : <FaultNotice fault={error} />}
      {data === undefined && error === null ? <p className="muted" role="status">{say('export.sheet.asking')}</p> : null}
      {data?.rows.map((row) => <Row key={row.input} row={row} />)}
    </>
  )
}

function Histogram({ histogram }: { readonly histogram: LayerHistogram }) {
  const say = useSay()
  const { tensor, op, from, to, counts, range: [lo, hi], outsidePercent } = histogram
  const x = (value: number): number => ((value - from) / (to - from)) * WIDTH
  const top = Math.log10(1 + Math.max(1, ...counts))
  const step = WIDTH / counts.length
  const facts = say('export.histogram.facts', { op, cosine: cosine(histogram.cosine), sqnr: fixed(histogram.sqnrDb, 1), percent: significant(outsidePercent, 3) })
  return (
    <figure>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={`${tensor}: ${facts}`}>
        <rect className="histogram-range" x={x(lo)} y={0} width={Math.max(0, x(hi) - x(lo))} height={HEIGHT} />
        {counts.map((count, bin) => (count <= 0 ? null : <rect key={bin} x={bin * step} width={step * 0.9} y={HEIGHT - (Math.log10(1 + count) / top) * (HEIGHT - 6)} height={(Math.log10(1 + count) / top) * (HEIGHT - 6)} />))}
        <path d={`M${x(lo)} 0V${HEIGHT}M${x(hi)} 0V${HEIGHT}`} />
      </svg>
      <p className="histogram-axis number"><span>{significant(from, 3)}</span><span>{say('export.histogram.range', { lo: significant(lo, 3), hi: significant(hi, 3) })}</span><span>{significant(to, 3)}</span></p>
      <figcaption><b className="mono">{tensor}</b> {facts}</figcaption>
    </figure>
  )
}

function Row({ row: { input, width, height, tile, float, quantized, difference, gain, maxLevels, psnrDb } }: { readonly row: SheetRow }) {
  const say = useSay()
  const quality = psnrDb === null ? say('export.sheet.same') : `PSNR-Y ${fixed(psnrDb, 2)} dB`
  return (
    <section className="report-sheet" aria-label={input}>
      <p className="muted"><b>{input}</b> {quality}{psnrDb === null ? null : <> · {say('export.sheet.facts', { levels: fixed(maxLevels, 1), x: tile.x, y: tile.y, size: `${tile.width}×${tile.height}`, whole: `${width}×${height}` })}</>}</p>
      <Picture png={float} name={say('export.sheet.float')} />
      <Picture png={quantized} name={say('export.sheet.quantized')} />
      <Picture png={difference} name={say('export.sheet.difference', { gain })} />
    </section>
  )
}

function Picture({ png, name }: { readonly png: Uint8Array; readonly name: string }) {
  const source = useMemo(() => `data:image/png;base64,${btoa(Array.from(png, (byte) => String.fromCharCode(byte)).join(''))}`, [png])
  return <figure><img src={source} alt={name} /><figcaption>{name}</figcaption></figure>
}
