import { Fragment, type ReactNode } from 'react'
import { Link } from 'react-router'
import type { RunSummary } from '../../client.ts'
import { useSay } from '../../texts/texts.ts'
import { Delta } from '../../ui/delta.tsx'
import { modelName, moment, protocolName, shortRun } from '../../ui/format.ts'
import { VersionMark } from '../../ui/marks.tsx'
import { deltaOf, SECTIONS, valueText, type ComparedRow, type Section } from './compared-rows.ts'
import { recipeText } from './run-columns.tsx'
import './diff.css'

interface ComparedViewProps {
  readonly runs: readonly RunSummary[]
  readonly rows: readonly ComparedRow[]
  /** Place of the baseline. */
  readonly base: number
  readonly onBase?: (run: string) => void
  readonly transposed?: boolean
}

/** What sets runs apart, a row a key and a column a run, or the other way round; every change counts from the baseline. */
export function ComparedView({ runs, rows, base, onBase, transposed = false }: ComparedViewProps) {
  const say = useSay()
  const sections = SECTIONS.map((section) => ({ section, rows: rows.filter((row) => row.section === section) })).filter((each) => each.rows.length > 0)
  const name: Readonly<Record<Section, string>> = { metrics: say('quality'), recipe: say('recipe'), facts: say('facts') }
  const heads = runs.map((run, index) => <RunHead key={run.run} run={run} isBase={index === base} onBase={onBase} />)
  if (transposed) {
    return (
      <table className="plain compared" data-transposed>
        <thead>
          <tr><th scope="col" rowSpan={2}>{say('run')}</th>{sections.map(({ section, rows: own }) => <th key={section} scope="colgroup" colSpan={own.length} className="compared-section">{name[section]}</th>)}</tr>
          <tr>{sections.flatMap(({ rows: own }) => own.map((row) => <th key={keyOf(row)} scope="col" data-align="right"><RowName row={row} /></th>))}</tr>
        </thead>
        <tbody>
          {runs.map((run, index) => (
            <tr key={run.run} data-base={index === base || undefined}>
              <th scope="row">{heads[index]}</th>
              {sections.flatMap(({ rows: own }) => own.map((row) => <Cell key={keyOf(row)} row={row} run={index} base={base} slot={hasDelta(row, base)} />))}
            </tr>
          ))}
        </tbody>
      </table>
    )
  }
  return (
    <table className="plain compared">
      <thead><tr><th scope="col">{say('place')}</th>{runs.map((run, index) => <th key={run.run} scope="col" data-align="right" data-base={index === base || undefined}>{heads[index]}</th>)}</tr></thead>
      {sections.map(({ section, rows: own }) => (
        <tbody key={section}>
          <tr className="compared-section"><th scope="rowgroup" colSpan={runs.length + 1}>{name[section]}</th></tr>
          {own.map((row) => (
            <tr key={keyOf(row)}><th scope="row"><RowName row={row} /></th>{runs.map((run, index) => <Cell key={run.run} row={row} run={index} base={base} slot={index !== base} />)}</tr>
          ))}
        </tbody>
      ))}
    </table>
  )
}

const keyOf = ({ section, key, version }: ComparedRow): string => `${section} ${key} ${version ?? ''}`

const hasDelta = (row: ComparedRow, base: number): boolean => row.values.some((_value, run) => deltaOf(row, run, base) !== null)

const hintOf = (value: unknown): string | undefined => (typeof value === 'string' && value.length > 16 ? value : undefined)

function RowName({ row }: { readonly row: ComparedRow }): ReactNode {
  if (row.version === undefined) return <span className="mono compared-key" title={row.key}>{row.key.split('.').map((part, at) => <Fragment key={at}>{at > 0 ? <>.<wbr /></> : null}{part}</Fragment>)}</span>
  return <span className="compared-metric" title={row.key}>{protocolName(row.key)} <VersionMark version={row.version} /></span>
}

interface CellProps {
  readonly row: ComparedRow
  readonly run: number
  readonly base: number
  /** Room for a change, so that the values of a column stand below each other. */
  readonly slot: boolean
}

function Cell({ row, run, base, slot }: CellProps) {
  const delta = deltaOf(row, run, base)
  const text = valueText(row, run)
  const isSame = run !== base && text === valueText(row, base)
  return (
    <td data-align="right" data-base={run === base || undefined} title={hintOf(row.values[run])}>
      <span className={isSame ? 'muted' : undefined}>{text}</span>
      {!slot ? null : <span className="compared-delta">{delta === null || isSame ? null : <Delta value={delta} {...(row.digits === undefined ? {} : { digits: row.digits })} {...(row.better === undefined ? {} : { better: row.better })} />}</span>}
    </td>
  )
}

interface RunHeadProps {
  readonly run: RunSummary
  readonly isBase: boolean
  readonly onBase: ((run: string) => void) | undefined
}

function RunHead({ run, isBase, onBase }: RunHeadProps) {
  const say = useSay()
  return (
    <span className="compared-run">
      <span>
        {onBase === undefined ? (isBase ? <span className="baseline-mark" role="img" aria-label={say('diff.base')}>◆</span> : null) : (
          <button type="button" className="compared-base" aria-pressed={isBase} title={say('diff.base.choose')} aria-label={say('diff.base.of', { run: shortRun(run.run) })} onClick={() => onBase(run.run)}>{isBase ? '◆' : '◇'}</button>
        )}{' '}
        <Link className="mono" to={`/run/${run.run}`}>{shortRun(run.run)}</Link>
      </span>
      {onBase === undefined ? null : <small title={`${run.model ?? ''}\n${moment(run.created, true)}`}>{modelName(run.model)} · {recipeText(say, run)}<br /><span className="number">{moment(run.created)}</span></small>}
    </span>
  )
}
