import type { SamplesLeak } from '../../../preload/contract/index.ts'
import { useSay } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { grouped } from '../../ui/format.ts'

interface LeakNoteProps {
  readonly leak: SamplesLeak | undefined
  /** Set while the pictures are too many to be compared unasked: how many. */
  readonly many: number | null
  readonly onCompare: () => void
}

/** In a few words whether the parts share pictures, where they do not or it is not known. */
export function LeakNote({ leak, many, onCompare }: LeakNoteProps) {
  const say = useSay()
  if (many !== null) return <span className="samples-note"><span>{say('samples.leak.many', { count: grouped(many) })}</span> <Button tone="quiet" onClick={onCompare}>{say('samples.leak.compare')}</Button></span>
  if (leak === undefined) return null
  if (leak.notCompared.length > 0) return <span className="samples-note">{say('samples.leak.arrays')}</span>
  if (leak.done < leak.total) return <span className="samples-note">{say('samples.leak.running', { done: grouped(leak.done), total: grouped(leak.total) })}</span>
  return leak.same + leak.alike > 0 ? null : <span className="samples-note" role="status"><b className="samples-good" aria-hidden="true">✓</b> {say('samples.leak.none')}</span>
}

const SHOWN = 3

/** Which pictures calibration and evaluation share; nothing where they share none. */
export function LeakBanner({ leak, fault }: { readonly leak: SamplesLeak | undefined; readonly fault: unknown }) {
  const say = useSay()
  if (fault !== null) return <FaultNotice fault={fault} />
  const found = leak === undefined ? 0 : leak.same + leak.alike
  if (leak === undefined || found === 0) return null
  const { pairs } = leak
  return (
    <div className="samples-leak" role="alert">
      <p>
        <b aria-hidden="true">▲</b> <strong>{leak.same > 0 ? say('samples.leak.same', { count: leak.same }) : say('samples.leak.alike', { count: leak.alike })}</strong>{' '}
        {leak.same > 0 && leak.alike > 0 ? say('samples.leak.also', { count: leak.alike }) : ''} {say('samples.leak.what')}
      </p>
      <p className="mono samples-leak-names">{pairs.slice(0, SHOWN).map(({ calibration, evaluation }) => (calibration === evaluation ? calibration : `${calibration} = ${evaluation}`)).join(' · ')}{found > SHOWN ? ' …' : ''}</p>
      <details>
        <summary>{say('samples.leak.all')}</summary>
        <div className="samples-scroll" tabIndex={0} role="group" aria-label={say('samples.leak.all')}>
          <table className="plain">
            <thead><tr><th scope="col">{say('samples.part.calibration')}</th><th scope="col">{say('samples.part.evaluation')}</th><th scope="col">{say('samples.leak.kind')}</th></tr></thead>
            <tbody>
              {pairs.map(({ calibration, evaluation, kind }) => (
                <tr key={`${calibration}\n${evaluation}`}><td className="mono">{calibration}</td><td className="mono">{evaluation}</td><td>{say(kind === 'same' ? 'samples.leak.kind.same' : 'samples.leak.kind.alike')}</td></tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </div>
  )
}
