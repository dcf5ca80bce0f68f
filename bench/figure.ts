import { NO_COLOURS, tableLines, type Column } from '../main/cli/layout.ts'

/** One measured number beside what was measured elsewhere and what is wanted. */
export interface Figure {
  readonly section: string
  /** The model, where the name of the figure does not say it. */
  readonly subject: string
  readonly name: string
  readonly value: number
  readonly unit: string
  /** What the anchor (ONNX Runtime's own quantizer) stands at. */
  readonly anchor?: string
  /** Largest value that is wanted. */
  readonly goal?: number
}

export const reached = ({ value, goal }: Figure): boolean | null => (goal === undefined ? null : value <= goal)

const digits = (value: number, unit: string): string => (unit === 'dB' ? value.toFixed(4) : String(Number(value.toPrecision(4))))

const COLUMNS: readonly Column[] = [
  { title: 'section' }, { title: 'model' }, { title: 'figure' }, { title: 'value', align: 'right' }, { title: 'unit' },
  { title: 'anchor', align: 'right' }, { title: 'goal', align: 'right' }, { title: 'reached' },
]

/** The figures as a table for people. */
export const figureTable = (figures: readonly Figure[]): string =>
  table(COLUMNS, figures.map((figure) => {
    const verdict = reached(figure)
    return [
      figure.section, figure.subject, figure.name, digits(figure.value, figure.unit), figure.unit, figure.anchor ?? '',
      figure.goal === undefined ? '' : `≤ ${figure.goal}`, verdict === null ? '' : verdict ? 'yes' : 'NO',
    ]
  }))

export const table = (columns: readonly Column[], rows: readonly (readonly string[])[]): string => tableLines(columns, rows, NO_COLOURS).join('\n')

/** A line for whoever waits; results go to stdout. */
export const say = (line: string): void => {
  process.stderr.write(`${line}\n`)
}
