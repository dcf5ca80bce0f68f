import { useMemo } from 'react'
import { useCall, type Run } from '../../client.ts'
import { useSay } from '../../texts/texts.ts'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { useAddress } from '../../ui/use-address.ts'
import { Segmented } from '../../ui/segmented.tsx'
import { AgreementPanel } from './agreement-panel.tsx'
import { CurvePanel, OperatorsPanel } from './cost-panel.tsx'
import { SamplePanel } from './sample-panel.tsx'
import { useAgreement } from './use-agreement.ts'
import { useCompareKeys } from './use-compare-keys.ts'
import { worstFirst, type SampleList } from './use-samples.ts'
import { DifferenceBins, RowsPanel, ValuesPanel } from './vector-panels.tsx'

interface VectorCompareProps {
  readonly run: Run
  readonly list: SampleList
}

const nothing = (): void => undefined
const always = (): boolean => true

/** Outputs of a model that makes no pictures: their values beside each other, and whether the samples still say the same. */
export function VectorCompare({ run, list }: VectorCompareProps) {
  const say = useSay()
  const [parameters, set] = useAddress()
  const samples = useMemo(() => worstFirst(list.samples), [list])
  const chosen = samples.find(({ index }) => String(index) === parameters.get('sample')) ?? samples[0]
  const { data, error } = useCall('pictures.vectors', { run: run.run, sample: chosen?.index ?? 0 }, { staleTime: Infinity, keepPrevious: true })
  const output = data?.outputs.find(({ name }) => name === parameters.get('output')) ?? data?.outputs[0]
  const judged = parameters.get('b') === 'fused' ? 'fused' : 'simulated'
  const indices = useMemo(() => samples.map(({ index }) => index), [samples])
  const agreement = useAgreement(run.run, indices, output?.name)
  const step = (by: number): void => {
    const next = chosen === undefined ? undefined : samples[(samples.indexOf(chosen) + by + samples.length) % samples.length]
    if (next !== undefined) set({ sample: String(next.index) })
  }
  const swap = (): void => set({ b: judged === 'fused' ? '' : 'fused' })
  useCompareKeys({
    letters: { n: () => step(1), p: () => step(-1), w: () => set({ sample: String(samples[0]?.index ?? 0) }) },
    flip: swap, move: nothing, zoom: nothing, hold: nothing, loupe: nothing, enter: nothing, escape: nothing,
  }, always)
  return (
    <div className="compare">
      <SamplePanel run={run.run} list={list} samples={samples} chosen={chosen?.index ?? 0} mayAsk={data !== undefined} onChoose={(index) => set({ sample: String(index) })} />
      <div className="vector-main">
        {error === null ? null : <FaultNotice fault={error} />}
        {data === undefined || output === undefined ? (error === null ? <section className="panel empty" role="status">{say('compare.waiting', { name: chosen?.sample ?? '' })}</section> : null) : (
          <>
            <div className="compare-bar vector-bar">
              {data.outputs.length < 2 ? <span className="mono">{output.name} [{output.dims.join(', ')}]</span> : (
                <Segmented label={say('compare.output')} value={output.name} choices={data.outputs.map(({ name }) => ({ value: name, name }))} onChange={(name) => set({ output: name })} />
              )}
              <span className="bar-space" />
              <Segmented
                label={say('compare.against-float')} value={judged} onChange={(version) => set({ b: version === 'fused' ? 'fused' : '' })}
                choices={[{ value: 'simulated', name: say('version.simulated') }, { value: 'fused', name: say('version.fused') }]}
              />
            </div>
            <ValuesPanel output={output} judged={judged} sample={data.sample} />
            <div className="vector-pair">
              <RowsPanel output={output} judged={judged} />
              <DifferenceBins output={output} judged={judged} />
            </div>
          </>
        )}
      </div>
      <div className="compare-side" tabIndex={0} role="region" aria-label={say('compare.measures')}>
        {output === undefined ? null : <AgreementPanel output={output} samples={samples} agreement={agreement} judged={judged} chosen={chosen?.index ?? 0} onChoose={(index) => set({ sample: String(index) })} />}
        <CurvePanel run={run} />
        <OperatorsPanel run={run} />
      </div>
    </div>
  )
}
