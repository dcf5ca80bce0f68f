import { useLayoutEffect, useRef } from 'react'
import { useSay } from '../../texts/texts.ts'
import { significant } from '../../ui/format.ts'
import { spanOf } from '../../ui/scale-text.ts'
import { useFrameSize } from '../../ui/use-frame-size.ts'
import { usePageColors } from './page-colors.ts'
import type { LayerRow } from './rows.ts'

/** A weight or bias: its scales, channel by channel. Statistics hold what flows through the model, not its constants. */
export function WeightView({ row }: { readonly row: LayerRow }) {
  const say = useSay()
  return (
    <div className="weight-view">
      <ScaleBars row={row} />
      <dl className="readout">
        <div><dt>{say('layers.step')}</dt><dd className="readout-value number" title={spanOf(row.scale)}>{spanOf(row.scale)}</dd></div>
        <div><dt>{say('low')}</dt><dd className="readout-value number">{significant(row.lo, 4)}</dd></div>
        <div><dt>{say('high')}</dt><dd className="readout-value number">{significant(row.hi, 4)}</dd></div>
        <div><dt>{say('layers.channels')}</dt><dd className="readout-value number">{row.scale.length}</dd></div>
      </dl>
      <p className="readout-float">{say('layers.no-what-if')}</p>
      <div className="weight-table" tabIndex={0} role="region" aria-label={say('layers.channel-scales')}>
        <table className="plain">
          <thead><tr><th scope="col">{say('layers.channel')}</th><th scope="col" data-align="right">{say('scale')}</th><th scope="col" data-align="right">{say('zero-point')}</th></tr></thead>
          <tbody>{row.scale.slice(0, MOST_ROWS).map((scale, channel) => <tr key={channel}><th scope="row" className="number">{channel}</th><td data-align="right">{significant(scale, 5)}</td><td data-align="right">{row.zeroPoint[channel] ?? row.zeroPoint[0]}</td></tr>)}</tbody>
        </table>
        {row.scale.length > MOST_ROWS ? <p className="panel-foot">{say('layers.more-channels', { count: row.scale.length - MOST_ROWS })}</p> : null}
      </div>
    </div>
  )
}

const MOST_ROWS = 512
const HEIGHT = 120

function ScaleBars({ row }: { readonly row: LayerRow }) {
  const say = useSay()
  const colors = usePageColors()
  const { frame, size } = useFrameSize()
  const canvas = useRef<HTMLCanvasElement>(null)
  useLayoutEffect(() => {
    const context = canvas.current?.getContext('2d')
    if (!canvas.current || !context || size === null) return
    const most = row.scale.reduce((greatest, each) => Math.max(greatest, each), 0)
    const pitch = size.width / Math.max(1, row.scale.length)
    context.setTransform(size.ratio, 0, 0, size.ratio, 0, 0)
    context.clearRect(0, 0, size.width, HEIGHT)
    context.fillStyle = colors('simulated')
    for (const [channel, scale] of row.scale.entries()) {
      const [left, right] = [Math.round(channel * pitch * size.ratio) / size.ratio, Math.round((channel + 1) * pitch * size.ratio) / size.ratio]
      const height = Math.max(1, Math.round((scale / (most || 1)) * (HEIGHT - 8)))
      context.fillRect(left, HEIGHT - height, Math.max(1 / size.ratio, right - left - (pitch >= 3 ? 1 : 0)), height)
    }
  }, [row.scale, size, colors])
  return (
    <div className="scale-bars" ref={frame}>
      {size === null ? null : <canvas ref={canvas} role="img" aria-label={say('layers.channel-scales')} width={Math.round(size.width * size.ratio)} height={Math.round(HEIGHT * size.ratio)} style={{ width: size.width, height: HEIGHT }} />}
    </div>
  )
}
