import { Chart, LinearScale, PointElement, ScatterController, Tooltip } from 'chart.js'
import { Scatter } from 'react-chartjs-2'
import { useColorScheme, useSettings } from '../../app/settings.ts'
import { fixed } from '../../ui/format.ts'

Chart.register(ScatterController, PointElement, LinearScale, Tooltip)

export interface ScatterPoint {
  readonly file: number
  readonly name: string
  readonly x: number
  readonly y: number
  readonly isWarned: boolean
}

interface ScatterChartProps {
  readonly label: string
  readonly points: readonly ScatterPoint[]
  readonly xTitle: string
  readonly yTitle: string
  readonly picked: number | null
  readonly onPick: (file: number) => void
}

const FONT = { family: 'JetBrains Mono Variable', size: 11 }

/** One point a picture; those with a warning are triangles, the picked one is ringed. */
export function ScatterChart({ label, points, xTitle, yTitle, picked, onPick }: ScatterChartProps) {
  useSettings()
  useColorScheme()
  const style = getComputedStyle(document.documentElement)
  const color = (name: string): string => style.getPropertyValue(`--${name}`).trim()
  const each = <T,>(of: (point: ScatterPoint) => T): T[] => points.map(of)
  const axis = (title: string, most?: number) => ({
    min: 0, ...(most === undefined ? {} : { max: most }), title: { display: true, text: title, color: color('muted'), font: FONT }, border: { color: color('line') }, grid: { color: color('line-soft'), drawTicks: false },
    ticks: { color: color('muted'), font: FONT, maxTicksLimit: 6, padding: 6 },
  })
  return (
    <div className="samples-scatter">
      <Scatter
        role="img" aria-label={label}
        data={{
          datasets: [{
            data: points.map(({ x, y }) => ({ x, y })),
            pointStyle: each(({ isWarned }) => (isWarned ? 'triangle' : 'circle')),
            pointRadius: each(({ isWarned, file }) => (isWarned ? 6 : file === picked ? 6 : points.length > 2000 ? 2 : 4)),
            pointBackgroundColor: each(({ isWarned }) => `${color(isWarned ? 'warning' : 'accent')}b0`),
            pointBorderColor: each(({ isWarned, file }) => color(file === picked ? 'text' : isWarned ? 'warning' : 'accent')),
            pointBorderWidth: each(({ file }) => (file === picked ? 2.5 : 1)),
            pointHitRadius: 6,
            clip: false,
          }],
        }}
        options={{
          animation: false, maintainAspectRatio: false, layout: { padding: 8 },
          onClick: (_event, elements) => {
            const point = points[elements[0]?.index ?? -1]
            if (point !== undefined) onPick(point.file)
          },
          scales: { x: axis(xTitle, 255), y: axis(yTitle) },
          plugins: {
            tooltip: {
              backgroundColor: color('raised'), titleColor: color('text'), bodyColor: color('text'), borderColor: color('line'), borderWidth: 1, titleFont: FONT, bodyFont: FONT, displayColors: false,
              callbacks: { label: ({ dataIndex }) => { const point = points[dataIndex]; return point === undefined ? '' : `${point.name}  ${fixed(point.x, 1)}  ${fixed(point.y, 1)}` } },
            },
          },
        }}
      />
    </div>
  )
}
