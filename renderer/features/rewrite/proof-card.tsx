import type { RewriteStep } from '../../../preload/contract/index.ts'
import { useSay } from '../../texts/texts.ts'
import { EngineText } from '../../ui/engine-text.tsx'
import { bytes, grouped, significant } from '../../ui/format.ts'
import { verdictText } from '../../ui/proof-verdict.ts'
import { costOf } from './matches.ts'
import { optionsText } from './options.ts'
import type { ProofFacts } from './proved.ts'

interface ProofCardProps {
  readonly step: RewriteStep
  /** Undefined: no run proved it. */
  readonly proof: ProofFacts | undefined
}

/** One proved rewrite: the verdict, how far apart the outputs are and where, what was tried, and what the rewrite costs. */
export function ProofCard({ step, proof }: ProofCardProps) {
  const say = useSay()
  const { macs, bytesMoved, channelPeak } = costOf(step.matches)
  const signed = (value: number | null, write: (size: number) => string): string | null => (value === null || value === 0 ? null : `${value < 0 ? '−' : '+'}${write(Math.abs(value))}`)
  const facts: readonly (readonly [string, string | null])[] = [
    [say('rewrite.proof.nodes'), String(step.matches.length)],
    ['MACs', signed(macs, grouped)],
    [say('rewrite.proof.bytes'), signed(bytesMoved, bytes)],
    [say('rewrite.proof.peak'), channelPeak === null ? null : String(channelPeak)],
    [say('rewrite.proof.sets'), step.settings === undefined || step.settings.length === 0 ? null : step.settings.join(', ')],
  ]
  return (
    <article className="proof-card" data-kind={step.kind} aria-label={step.rewrite}>
      <header><h3 className="mono">{[step.rewrite, optionsText(step.options)].filter(Boolean).join(' · ')}</h3><Verdict proof={proof} /></header>
      {proof === undefined ? null : <ProofFigures proof={proof} />}
      <dl className="facts">{facts.map(([name, value]) => (value === null ? null : <div key={name}><dt>{name}</dt><dd className="number">{value}</dd></div>))}</dl>
    </article>
  )
}

function Verdict({ proof }: { readonly proof: ProofFacts | undefined }) {
  const say = useSay()
  if (proof === undefined) return <span className="proof-verdict" data-verdict="open"><span aria-hidden="true">○</span> {say('rewrite.verdict.open')}</span>
  const { shape, text, what } = verdictText(proof.verdict)
  return <span className="proof-verdict" data-verdict={proof.verdict} title={say(what)}><span aria-hidden="true">{shape}</span> {say(text)}</span>
}

/** Largest difference of all outputs, as it is kept with the run; records of earlier versions have less. */
function ProofFigures({ proof }: { readonly proof: ProofFacts }) {
  const say = useSay()
  const { maxAbs, relative, ulp, edgeMaxAbs, worst, inputs, borders, outputs, tried } = proof
  const inside = outputs === undefined ? undefined : Math.max(0, ...outputs.map((each) => each.insideMaxAbs))
  const isExact = proof.verdict === 'exact'
  const rows: readonly (readonly [string, string | null, string?])[] = [
    [say('rewrite.proof.max-abs'), significant(maxAbs)],
    [say('rewrite.proof.relative'), relative === undefined || isExact ? null : significant(relative, 3), say('rewrite.proof.relative.what')],
    ['ULP', ulp === undefined || isExact ? null : significant(ulp), say('rewrite.proof.ulp.what')],
    [say('rewrite.proof.edge'), edgeMaxAbs === undefined ? say(borders ? 'rewrite.proof.borders.in' : 'rewrite.proof.borders.out') : isExact ? null : significant(edgeMaxAbs), say('rewrite.proof.edge.what')],
    [say('rewrite.proof.inside'), inside === undefined || isExact ? null : significant(inside)],
  ]
  return (
    <>
      <dl className="facts">{rows.map(([name, value, what]) => (value === null ? null : <div key={name} title={what}><dt>{name}</dt><dd className="number">{value}</dd></div>))}</dl>
      {worst === undefined || worst === null ? null : (
        <p className="proof-worst">{say('rewrite.proof.worst')} <span className="mono">{worst.output}{worst.position.length === 0 ? '' : ` [${worst.position.join(', ')}]`}</span> · <EngineText text={worst.input} />{worst.what === '' ? null : <> · <EngineText text={worst.what} /></>}</p>
      )}
      {tried === undefined ? <p className="proof-worst number">{say('rewrite.proof.inputs')}: {inputs}</p> : (
        <details className="proof-more">
          <summary>{say('rewrite.proof.inputs')} <span className="number">({tried.length})</span></summary>
          <table className="plain" aria-label={say('rewrite.proof.inputs')}>
            <thead><tr><th scope="col">{say('rewrite.proof.input')}</th><th scope="col" data-align="right">{say('rewrite.proof.seed')}</th><th scope="col" data-align="right">{say('rewrite.proof.max-abs')}</th></tr></thead>
            <tbody>{tried.map(({ input, seed, maxAbs: most }, index) => <tr key={`${index} ${input}`}><th scope="row"><EngineText text={input} /></th><td data-align="right" className="number">{seed ?? '–'}</td><td data-align="right" className="number">{significant(most, 3)}</td></tr>)}</tbody>
          </table>
        </details>
      )}
      {outputs === undefined ? null : (
        <details className="proof-more">
          <summary>{say('rewrite.proof.outputs')} <span className="number">({outputs.length})</span></summary>
          <table className="plain" aria-label={say('rewrite.proof.outputs')}>
            <thead><tr><th scope="col">{say('model.outputs')}</th><th scope="col" data-align="right">{say('rewrite.proof.edge')}</th><th scope="col" data-align="right">{say('rewrite.proof.inside')}</th><th scope="col" data-align="right" title={say('rewrite.proof.relative.what')}>{say('rewrite.proof.share')}</th><th scope="col" data-align="right">ULP</th></tr></thead>
            <tbody>{outputs.map((each) => (
              <tr key={each.output}><th scope="row" className="mono">{each.output}</th><td data-align="right" className="number">{significant(each.edgeMaxAbs, 2)}</td><td data-align="right" className="number">{significant(each.insideMaxAbs, 2)}</td><td data-align="right" className="number">{significant(each.relative, 2)}</td><td data-align="right" className="number">{significant(each.ulp)}</td></tr>
            ))}</tbody>
          </table>
        </details>
      )}
    </>
  )
}
