import { BarController, BarElement, CategoryScale, Chart as ChartJs, LinearScale, LineController, LineElement, PointElement, Tooltip, type ChartData } from 'chart.js'
import { memo } from 'react'
import { Chart } from 'react-chartjs-2'
import { useColorScheme, useSettings } from '../../app/settings.ts'

ChartJs.register(BarController, BarElement, LineController, LineElement, PointElement, CategoryScale, LinearScale, Tooltip)

interface SensitivityChartProps {
  /** What the picture shows, for who does not see it. A table with the same numbers stands below. */
  readonly label: string
  readonly names: readonly string[]
  readonly bars: readonly (number | null)[]
  readonly barName: string
  /** Shares from 0 to 1; absent: no curve. */
  readonly curve?: readonly number[] | undefined
  readonly curveName: string
  readonly picked: number
  readonly write: (value: number) => string
  readonly onPick: (index: number) => void
}

const FONT = { family: 'JetBrains Mono Variable', size: 11 }

/** A bar a unit and the curve of their sum. */
export const SensitivityChart = memo(function SensitivityChart({ label, names, bars, barName, curve, curveName, picked, write, onPick }: SensitivityChartProps) {
  useSettings()
  useColorScheme()
  const style = getComputedStyle(document.documentElement)
  const color = (name: string): string => style.getPropertyValue(`--${name}`).trim()
  const data: ChartData<'bar' | 'line', (number | null)[]> = {
    labels: [...names],
    datasets: [
      ...(curve === undefined ? [] : [{ type: 'line' as const, label: curveName, data: curve.map((share) => share * 100), yAxisID: 'right', clip: false as const, borderColor: color('fused'), backgroundColor: color('fused'), borderWidth: 1.75, pointRadius: names.length > 40 ? 0 : 2.5, pointHitRadius: 8 }]),
      { type: 'bar' as const, label: barName, data: [...bars], yAxisID: 'left', backgroundColor: names.map((_name, at) => color(at === picked ? 'accent' : 'simulated')), borderColor: color('text'), borderWidth: names.map((_name, at) => (at === picked ? 1.5 : 0)), maxBarThickness: 34, minBarLength: 1 },
    ],
  }
  const ticks = { color: color('muted'), font: FONT, maxTicksLimit: 5, padding: 8 }
  return (
    <div className="chart">
      <ul className="legend"><li data-tone="simulated">{barName}</li>{curve === undefined ? null : <li data-tone="fused">{curveName}</li>}</ul>
      <div className="chart-canvas">
        <Chart
          type="bar" role="img" aria-label={label} data={data}
          options={{
            animation: false, maintainAspectRatio: false, interaction: { mode: 'index', intersect: false },
            onClick: (_event, elements) => { if (elements[0] !== undefined) onPick(elements[0].index) },
            scales: {
              x: { grid: { display: false }, border: { color: color('line') }, ticks: { color: color('muted'), font: FONT, maxRotation: 0, autoSkipPadding: 16, callback: (_value, index) => short(names[index] ?? '') } },
              left: { position: 'left', beginAtZero: true, border: { display: false }, grid: { color: color('line'), drawTicks: false }, ticks: { ...ticks, callback: (value) => write(Number(value)) } },
              ...(curve === undefined ? {} : { right: { position: 'right' as const, min: 0, max: 100, border: { display: false }, grid: { drawOnChartArea: false }, ticks: { ...ticks, callback: (value: string | number) => `${value} %` } } }),
            },
            plugins: {
              tooltip: {
                backgroundColor: color('raised'), titleColor: color('text'), bodyColor: color('text'), borderColor: color('line'), borderWidth: 1, titleFont: FONT, bodyFont: FONT,
                callbacks: { label: ({ dataset, parsed }) => ` ${dataset.label}  ${parsed.y === null ? '' : dataset.yAxisID === 'right' ? `${parsed.y.toFixed(1)} %` : write(parsed.y)}` },
              },
            },
          }}
        />
      </div>
    </div>
  )
})

const LONGEST = 14
const short = (name: string): string => (name.length > LONGEST ? `…${name.slice(1 - LONGEST)}` : name)
