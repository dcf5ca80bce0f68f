import { useSay } from '../../texts/texts.ts'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { cosine, fixed } from '../../ui/format.ts'
import { Verdict } from '../../ui/marks.tsx'
import { Panel } from '../../ui/panel.tsx'
import type { Agreement } from './use-agreement.ts'
import type { ListedSample } from './use-samples.ts'
import { isClasses, type Judged, type OutputVectors } from './vectors.ts'

interface AgreementPanelProps {
  readonly output: OutputVectors
  readonly samples: readonly ListedSample[]
  readonly agreement: Agreement
  readonly judged: Judged
  readonly chosen: number
  readonly onChoose: (index: number) => void
}

/** How far every sample's output is from float, the farthest first; and for classes, on how many both say the same. */
export function AgreementPanel({ output, samples, agreement: { done, fault }, judged, chosen, onChoose }: AgreementPanelProps) {
  const say = useSay()
  const classes = isClasses(output)
  const same = done.filter(({ sameTop }) => sameTop[judged]).length
  const names = new Map(samples.map(({ index, sample }) => [index, sample]))
  const rows = done.toSorted((a, b) => a.sqnrDb[judged] - b.sqnrDb[judged])
  return (
    <Panel title={say(classes ? 'compare.agreement' : 'compare.distance')} aside={<span className="panel-note" role="status">{done.length < samples.length && fault === null ? say('compare.agreement.progress', { done: done.length, total: samples.length }) : ''}</span>}>
      {fault === null ? null : <FaultNotice fault={fault} />}
      {classes ? <p className="agreement"><b className="number">{same} / {done.length}</b> {say('compare.agreement.what')}</p> : null}
      <div className="agreement-rows">
        <table className="plain">
          <thead>
            <tr>
              <th scope="col">{say('sample')}</th>{classes ? <th scope="col">{say('compare.same-top')}</th> : null}
              <th scope="col" data-align="right">{say('cosine')}</th><th scope="col" data-align="right">SQNR dB</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ index, sameTop, cosine: alike, sqnrDb }) => (
              <tr key={index} data-chosen={index === chosen || undefined}>
                <th scope="row"><button type="button" className="link mono" title={names.get(index)} onClick={() => onChoose(index)}>{names.get(index)}</button></th>
                {classes ? <td><Verdict passed={sameTop[judged]}>{say(sameTop[judged] ? 'compare.same' : 'compare.other')}</Verdict></td> : null}
                <td data-align="right">{cosine(alike[judged])}</td><td data-align="right">{fixed(sqnrDb[judged], 2)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  )
}
