import type { BoardReport } from '../../../preload/contract/index.ts'
import { useEngineWords } from '../../texts/engine-words.ts'
import { useSay, type TextKey } from '../../texts/texts.ts'
import { EngineText } from '../../ui/engine-text.tsx'
import { significant } from '../../ui/format.ts'

type Verdict = BoardReport['operators'][number]['verdicts'][number]

const SHAPES: Readonly<Record<Verdict['state'], string>> = { native: '✓', fallback: '◐', missing: '✕', unknown: '?' }
const TONES: Readonly<Record<Verdict['state'], string>> = { native: 'good', fallback: 'warning', missing: 'bad', unknown: 'muted' }

const NAMES: Readonly<Record<Verdict['state'], TextKey>> = { native: 'board.native', fallback: 'board.fallback', missing: 'board.missing', unknown: 'board.unknown' }

/** As columns of a narrow panel are headed. */
const SHORT: Readonly<Record<Verdict['precision'], string>> = { 'int8': 'i8', 'int16': 'i16', 'int32-out': '→i32', 'float16': 'f16', 'float32': 'f32' }

const PRECISIONS = Object.keys(SHORT) as readonly Verdict['precision'][]

/** What a board does with the model: every operator in every precision that a document speaks of, and what leaves each output. */
export function BoardPart({ report }: { readonly report: BoardReport }) {
  const say = useSay()
  const words = useEngineWords()
  return (
    <section className="model-part board-part" aria-label={say('board.title', { board: report.board })}>
      <h4>{say('board.title', { board: words(report.title).text })}</h4>
      <p className="muted"><EngineText text={report.verdict} /></p>
      <Operators report={report} />
      <ul className="board-legend">{(['native', 'fallback', 'missing', 'unknown'] as const).map((state) => <li key={state} className="verdict" data-tone={TONES[state]}>{SHAPES[state]} {say(NAMES[state])}</li>)}</ul>
      <Outputs report={report} />
    </section>
  )
}

function Operators({ report: { operators, sources } }: { readonly report: BoardReport }) {
  const say = useSay()
  const words = useEngineWords()
  const known = new Set(operators.flatMap(({ verdicts }) => verdicts.filter(({ state }) => state !== 'unknown').map(({ precision }) => precision)))
  const precisions = PRECISIONS.filter((precision) => known.has(precision))
  const why = ({ why: text, source }: Verdict): string => [words(text).text, source === null ? '' : (sources[source]?.document ?? source)].filter(Boolean).join(' · ')
  return (
    <div className="board-scroll" tabIndex={0} role="region" aria-label={say('board.operators')}>
      <table className="plain board-table" aria-label={say('board.operators')}>
        <thead><tr><th scope="col">{say('operator')}</th><th scope="col" data-align="right">n</th>{precisions.map((precision) => <th key={precision} scope="col" title={precision} data-align="center">{SHORT[precision]}</th>)}</tr></thead>
        <tbody>
          {operators.map(({ op, count, nodes, verdicts }) => (
            <tr key={nodes[0]} title={nodes.slice(0, 8).join(', ')}>
              <th scope="row">{op}</th><td data-align="right" className="number">{count}</td>
              {precisions.map((precision) => {
                const found = verdicts.find((each) => each.precision === precision)
                const state = found?.state ?? 'unknown'
                return <td key={precision} data-align="center" title={found === undefined ? say('board.unknown') : why(found)}><span className="verdict" data-tone={TONES[state]}><span aria-hidden="true">{SHAPES[state]}</span><span className="unseen">{say(NAMES[state])}</span></span></td>
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Outputs({ report: { outputs } }: { readonly report: BoardReport }) {
  const say = useSay()
  return (
    <ul className="board-outputs" aria-label={say('board.outputs')}>
      {outputs.map(({ output, type, layout, scale, last, between, why }) => (
        <li key={output}>
          <h5>{say('board.output')} <span className="mono">{output}</span></h5>
          <dl className="facts">
            <div><dt>{say('type')}</dt><dd className="mono">{type}</dd></div>
            <div><dt>{say('board.layout')}</dt><dd className="mono">{layout === null ? '–' : layout === 'same' ? say('board.layout.same') : layout === 'unknown' ? say('board.unknown') : layout.toUpperCase()}</dd></div>
            <div><dt>{say('scale')}</dt><dd className="number" title={scale === null ? say('board.scale.none') : undefined}>{scale === null ? '–' : scale.length === 1 ? significant(scale[0]) : say('scales.channels', { count: scale.length })}</dd></div>
            <div><dt>{say('board.last')}</dt><dd className="mono">{last === null ? '–' : `${last.op} ${last.node}`}</dd></div>
            {between.length === 0 ? null : <div><dt>{say('board.between')}</dt><dd className="mono board-between">{between.map(({ op, node }) => <span key={node}>{op} {node}</span>)}</dd></div>}
          </dl>
          <p className="muted"><EngineText text={why} /></p>
        </li>
      ))}
    </ul>
  )
}
