import type { Finding } from '../client.ts'
import { useSay, type Say, type TextKey } from '../texts/texts.ts'
import { EngineText } from './engine-text.tsx'
import { FindingFix } from './finding-fix.tsx'
import { partsOfFix } from './fix-of.ts'
import './findings.css'

interface FindingListProps {
  readonly findings: readonly Finding[]
  /** Path of the model that they are of. */
  readonly model: string | undefined
  /** Shows the place of a finding; absent: it is only named. */
  readonly onPlace?: ((finding: Finding) => void) | undefined
}

type Severity = Finding['severity']

const SHAPES: Readonly<Record<Severity, string>> = { error: '✕', warning: '▲', note: 'i' }
const NAMES: Readonly<Record<Severity, TextKey>> = { error: 'finding.error', warning: 'finding.warning', note: 'finding.note' }

const COUNTS = { error: 'finding.count.error', warning: 'finding.count.warning', note: 'finding.count.note' } as const

/** Findings with their reason and what is to be done, as a button where it needs no person. */
export function FindingList({ findings, model, onPlace }: FindingListProps) {
  const say = useSay()
  const place = (finding: Finding) => {
    const text = [...new Set([finding.node, finding.tensor])].filter(Boolean).join(' · ')
    if (text === '') return null
    return onPlace === undefined || finding.node === '' ? <span className="mono finding-place">{text}</span> : <button type="button" className="link mono finding-place" title={say('finding.show')} onClick={() => onPlace(finding)}>{text}</button>
  }
  return (
    <ul className="findings">
      {findings.map((finding, index) => (
        <li key={`${index} ${finding.rule}`} data-severity={finding.severity}>
          <div className="finding-head"><span className="finding-mark" aria-hidden="true">{SHAPES[finding.severity]}</span><b className="mono">{finding.rule}</b><span className="finding-word">{say(NAMES[finding.severity])}</span>{place(finding)}</div>
          <p><EngineText text={finding.what} /></p>
          <small><EngineText text={finding.why} /></small>
          <FixWords fix={finding.fix} />
          <FindingFix fix={finding.fix} model={model} />
        </li>
      ))}
    </ul>
  )
}

function FixWords({ fix }: { readonly fix: string }) {
  const { name, sentence } = partsOfFix(fix)
  return <small className="finding-do"><span aria-hidden="true">→ </span>{name === '' ? null : <><span className="mono">{name}</span> · </>}<EngineText text={sentence} /></small>
}

/** `1 error, 3 warnings, 2 notes`: those that there are. */
export function findingCounts(say: Say, findings: readonly Finding[]): string {
  return Object.entries(COUNTS).flatMap(([severity, key]) => {
    const count = findings.filter((each) => each.severity === severity).length
    return count === 0 ? [] : [say(key, { count })]
  }).join(say('finding.count.and'))
}
