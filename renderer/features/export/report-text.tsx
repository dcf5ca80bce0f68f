import { blocksOfReport } from './report-blocks.ts'

/** The report as it is written to report.md: headings and tables. It becomes elements of our own making. */
export function ReportText({ source, label }: { readonly source: string; readonly label: string }) {
  return (
    <div className="report-text" tabIndex={0} role="region" aria-label={label}>
      {blocksOfReport(source).map((block, place) => {
        if (block.kind === 'title') return <h3 key={place}>{block.text}</h3>
        if (block.kind === 'head') return <h4 key={place}>{block.text}</h4>
        if (block.kind === 'text') return <p key={place}>{block.text}</p>
        const hasHead = block.head.some((cell) => cell !== '')
        return (
          <table className="plain" key={place}>
            {hasHead ? <thead><tr>{block.head.map((cell, column) => <th key={column} scope="col">{cell}</th>)}</tr></thead> : null}
            <tbody>{block.rows.map((row, line) => <tr key={line}>{row.map((cell, column) => (hasHead || column > 0 ? <td key={column}>{cell}</td> : <th key={column} scope="row">{cell}</th>))}</tr>)}</tbody>
          </table>
        )
      })}
    </div>
  )
}
