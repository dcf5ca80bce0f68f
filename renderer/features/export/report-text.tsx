import type { ReactNode } from 'react'
import { blocksOfReport, type ReportBlock } from './report-blocks.ts'
import './report.css'

/** Summary and readiness come before any drawing, as in report.html. */
const FIRST = 2

interface ReportTextProps {
  readonly source: string
  readonly label: string
  /** The drawings of report.html. */
  readonly figures: ReactNode
}

/** The report as it is written to report.md, with its drawings: headings and tables become elements of our own making. */
export function ReportText({ source, label, figures }: ReportTextProps) {
  const blocks = blocksOfReport(source)
  const heads = blocks.flatMap(({ kind }, place) => (kind === 'head' ? [place] : []))
  const split = heads[FIRST] ?? blocks.length
  return (
    <div className="report-text" tabIndex={0} role="region" aria-label={label}>
      {blocks.slice(0, split).map((block, place) => <Block key={place} block={block} />)}
      {figures}
      {blocks.slice(split).map((block, place) => <Block key={place} block={block} />)}
    </div>
  )
}

function Block({ block }: { readonly block: ReportBlock }) {
  if (block.kind === 'title') return <h3>{block.text}</h3>
  if (block.kind === 'head') return <h4>{block.text}</h4>
  if (block.kind === 'text') return <p>{block.text}</p>
  const hasHead = block.head.some((cell) => cell !== '')
  return (
    <table className="plain">
      {hasHead ? <thead><tr>{block.head.map((cell, column) => <th key={column} scope="col">{cell}</th>)}</tr></thead> : null}
      <tbody>{block.rows.map((row, line) => <tr key={line}>{row.map((cell, column) => (hasHead || column > 0 ? <td key={column}>{cell}</td> : <th key={column} scope="row">{cell}</th>))}</tr>)}</tbody>
    </table>
  )
}
