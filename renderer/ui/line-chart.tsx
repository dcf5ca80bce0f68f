import { CategoryScale, Chart, LinearScale, LineElement, PointElement, Tooltip, type ChartDataset } from 'chart.js'
import { memo } from 'react'
import { Line } from 'react-chartjs-2'
import { useColorScheme, useSettings } from '../app/settings.ts'

Chart.register(LineElement, PointElement, LinearScale, CategoryScale, Tooltip)

export type Tone = 'float' | 'simulated' | 'fused' | 'reference' | 'accent' | 'bad'
export type Axis = 'left' | 'right'

export interface ChartLine {
  readonly name: string
  readonly tone: Tone
  readonly points: readonly (number | null)[]
  readonly axis?: Axis
  readonly dashed?: boolean
  /** A limit: fine dots, no points. */
  readonly dotted?: boolean
  /** Points that are marked by another shape: a cross, a diamond. */
  readonly failed?: readonly boolean[]
  readonly pinned?: readonly boolean[]
}

interface LineChartProps {
  /** What the picture shows, for who does not see it. A table with the same numbers stands beside every chart. */
  readonly label: string
  readonly labels: readonly string[]
  readonly tickLabels?: readonly string[]
  readonly lines: readonly ChartLine[]
  readonly write: (value: number, axis: Axis) => string
  readonly onPick?: (index: number) => void
}

/** Colours as they are in force. The theme stands on the page before anyone is told that it changed. */
function colorsOfPage(): (name: string) => string {
  const style = getComputedStyle(document.documentElement)
  const known = new Map<string, string>()
  return (name) => {
    const value = known.get(name) ?? style.getPropertyValue(`--${name}`).trim()
    known.set(name, value)
    return value
  }
}

const FONT = { family: 'JetBrains Mono Variable', size: 11 }

const isMarked = (line: ChartLine, at: number): boolean => line.failed?.[at] === true || line.pinned?.[at] === true

/** Drawn anew where one of its parts is another: who has many points keeps them the same. */
export const LineChart = memo(function LineChart({ label, labels, tickLabels, lines, write, onPick }: LineChartProps) {
  useSettings()
  useColorScheme()
  const color = colorsOfPage()
  const data = {
    labels: [...labels],
    datasets: lines.map((line): ChartDataset<'line', (number | null)[]> => ({
      label: line.name,
      data: [...line.points],
      yAxisID: line.axis ?? 'left',
      borderColor: color(line.tone),
      backgroundColor: color(line.tone),
      borderWidth: 1.75,
      borderDash: line.dotted ? [1, 3] : line.dashed ? [4, 4] : [],
      pointRadius: line.points.map((_point, at) => (isMarked(line, at) ? 5 : line.dotted || line.dashed || line.points.length > 80 ? 0 : 3)),
      pointStyle: line.points.map((_point, at) => (line.failed?.[at] ? 'crossRot' : line.pinned?.[at] ? 'rectRot' : 'circle')),
      pointBorderWidth: line.points.map((_point, at) => (line.failed?.[at] ? 2.5 : 1)),
      pointBorderColor: line.points.map((_point, at) => color(line.failed?.[at] ? 'bad' : line.tone)),
      pointHitRadius: 12,
      spanGaps: true,
    })),
  }
  const hasRight = lines.some((line) => line.axis === 'right')
  const scale = (axis: Axis) => ({
    position: axis,
    border: { display: false },
    grid: { color: color('line'), drawOnChartArea: axis === 'left', drawTicks: false },
    ticks: { color: color('muted'), font: FONT, maxTicksLimit: 5, padding: 8, callback: (value: string | number) => write(Number(value), axis) },
  })
  return (
    <div className="chart">
      <ul className="legend">{lines.map((line) => <li key={line.name} data-tone={line.tone} data-dashed={line.dashed || undefined} data-dotted={line.dotted || undefined}>{line.name}</li>)}</ul>
      <div className="chart-canvas">
        <Line
          role="img" aria-label={label} data={data}
          options={{
            animation: false,
            maintainAspectRatio: false,
            interaction: { mode: 'index', intersect: false },
            onClick: (_event, elements) => { if (elements[0] !== undefined) onPick?.(elements[0].index) },
            scales: {
              x: {
                grid: { display: false }, border: { color: color('line') },
                ticks: { color: color('muted'), font: FONT, maxRotation: 0, autoSkipPadding: 16, callback: (_value, index) => (tickLabels ?? labels)[index] ?? '' },
              },
              left: scale('left'),
              ...(hasRight ? { right: scale('right') } : {}),
            },
            plugins: {
              tooltip: {
                backgroundColor: color('raised'), titleColor: color('text'), bodyColor: color('text'), borderColor: color('line'), borderWidth: 1,
                titleFont: FONT, bodyFont: FONT,
                callbacks: { label: ({ dataset, parsed }) => ` ${dataset.label}  ${parsed.y === null ? '' : write(parsed.y, dataset.yAxisID === 'right' ? 'right' : 'left')}` },
              },
            },
          }}
        />
      </div>
    </div>
  )
})
