import { useEngineWords } from '../../texts/engine-words.ts'
import { useSay } from '../../texts/texts.ts'
import { fixed, significant } from '../../ui/format.ts'
import { Key } from '../../ui/marks.tsx'
import { bestOf, type Method } from './shown-range.ts'

interface MethodListProps {
  readonly methods: readonly Method[]
  /** The method in force. */
  readonly taken: string
  readonly isOneSided: boolean
  /** The rule that knows the range already. */
  readonly rule: string | null
  readonly onTake: (method: Method) => void
}

/** Bars begin this far below the best, dB, so that what matters can be seen. */
const SPAN_DB = 12

/** What every method would pick, and what that is expected to cost; a click takes it. */
export function MethodList({ methods, taken, isOneSided, rule, onTake }: MethodListProps) {
  const say = useSay()
  const words = useEngineWords()
  const best = bestOf(methods)
  const top = best?.predictedSqnrDb ?? 0
  const lowest = Math.min(...methods.map(({ predictedSqnrDb }) => predictedSqnrDb), top - SPAN_DB)
  return (
    <section className="methods" aria-label={say('layers.methods')}>
      <header className="methods-head"><h3>{say('layers.methods')}</h3>{rule === null ? null : <span className="panel-note" title={say('layers.known-range', { rule })}>{say('layers.known-range.note', { rule })}</span>}</header>
      <ul>
        {methods.map((method, index) => {
          const { name, decided, lo, hi, predictedSqnrDb, why, clippedPercent } = method
          const loss = top - predictedSqnrDb
          return (
            <li key={name}>
              <button type="button" className="method" aria-pressed={name === taken} onClick={() => onTake(method)} title={[decided === name ? '' : decided, words(why).text].filter(Boolean).join(': ')}>
                <Key>{String((index + 1) % 10)}</Key>
                <span className="method-name">{name}{method === best ? <span className="method-best">{say('layers.best')}</span> : null}</span>
                <span className="method-value number">{isOneSided ? significant(hi, 4) : `${significant(lo, 3)} … ${significant(hi, 3)}`}</span>
                <span className="method-clip number">{fixed(clippedPercent, 2)} %</span>
                <span className="method-bar" aria-hidden="true"><span data-tone={loss > 3 ? 'bad' : loss > 0.5 ? 'warning' : undefined} style={{ width: `${100 * ((predictedSqnrDb - lowest) / Math.max(1e-9, top - lowest))}%` }} /></span>
                <span className="method-db number">{fixed(predictedSqnrDb, 1)} dB</span>
              </button>
            </li>
          )
        })}
      </ul>
    </section>
  )
}
