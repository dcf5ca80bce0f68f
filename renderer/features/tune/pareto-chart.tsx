import { Chart, LinearScale, LineElement, PointElement, ScatterController, Tooltip } from 'chart.js'
import { Scatter } from 'react-chartjs-2'
import { unbeaten } from './pareto.ts'
import { useColorScheme, useSettings } from '../../app/settings.ts'

Chart.register(ScatterController, PointElement, LineElement, LinearScale, Tooltip)

export interface PlanPoint {
  readonly key: string
  readonly x: number
  readonly y: number
  readonly front: boolean
  readonly chosen: boolean
  readonly knee: boolean
  readonly text: string
}

interface ParetoChartProps {
  readonly label: string
  readonly points: readonly PlanPoint[]
  readonly xTitle: string
  readonly yTitle: string
  readonly picked: string
  readonly writeX: (value: number) => string
  readonly writeY: (value: number) => string
  readonly onPick: (key: string) => void
}

const FONT = { family: 'JetBrains Mono Variable', size: 11 }

/** A point a measured plan; those that none beats in this picture are joined. The chosen one is a diamond, the knee a triangle, the picked one is ringed. */
export function ParetoChart({ label, points, xTitle, yTitle, picked, writeX, writeY, onPick }: ParetoChartProps) {
  useSettings()
  useColorScheme()
  const style = getComputedStyle(document.documentElement)
  const color = (name: string): string => style.getPropertyValue(`--${name}`).trim()
  const axis = (title: string, write: (value: number) => string) => ({
    title: { display: true, text: title, color: color('muted'), font: FONT }, border: { color: color('line') }, grid: { color: color('line-soft'), drawTicks: false }, grace: '5%',
    ticks: { color: color('muted'), font: FONT, maxTicksLimit: 6, padding: 6, callback: (value: string | number) => write(Number(value)) },
  })
  const each = <T,>(of: (point: PlanPoint) => T): T[] => points.map(of)
  const tone = ({ chosen, knee, front }: PlanPoint): string => color(chosen ? 'good' : knee ? 'warning' : front ? 'accent' : 'muted')
  const front = unbeaten(points)
  return (
    <div className="chart-canvas">
      <Scatter
        role="img" aria-label={label}
        data={{
          datasets: [
            {
              data: points.map(({ x, y }) => ({ x, y })), clip: false, pointHitRadius: 8,
              pointStyle: each(({ chosen, knee }) => (chosen ? 'rectRot' : knee ? 'triangle' : 'circle')), pointRadius: each(({ chosen, knee, front: isFront }) => (chosen || knee ? 8 : isFront ? 5 : 3.5)), pointHoverRadius: 8,
              pointBackgroundColor: each(tone), pointBorderColor: each((point) => (point.key === picked ? color('text') : tone(point))), pointBorderWidth: each(({ key }) => (key === picked ? 3 : 1)),
            },
            { data: front.map(({ x, y }) => ({ x, y })), showLine: true, stepped: 'before', pointRadius: 0, pointHitRadius: 0, borderColor: color('accent'), borderWidth: 1.25, borderDash: [4, 3] },
          ],
        }}
        options={{
          animation: false, maintainAspectRatio: false, layout: { padding: 8 },
          onClick: (_event, elements) => {
            const point = elements[0]?.datasetIndex === 0 ? points[elements[0].index] : undefined
            if (point !== undefined) onPick(point.key)
          },
          scales: { x: axis(xTitle, writeX), y: axis(yTitle, writeY) },
          plugins: {
            tooltip: {
              filter: ({ datasetIndex }) => datasetIndex === 0,
              backgroundColor: color('raised'), titleColor: color('text'), bodyColor: color('text'), borderColor: color('line'), borderWidth: 1, titleFont: FONT, bodyFont: FONT, displayColors: false,
              callbacks: { label: ({ dataIndex }) => { const point = points[dataIndex]; return point === undefined ? '' : [`${writeX(point.x)}  ${writeY(point.y)}`, point.text] } },
            },
          },
        }}
      />
    </div>
  )
}
