import { useCallback, useMemo } from 'react'
import type { Run } from '../../client.ts'
import { useSay } from '../../texts/texts.ts'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { Bench } from './bench.tsx'
import { recallRegions, rememberRegions } from './region-memory.ts'
import { SamplePanel } from './sample-panel.tsx'
import { BesideContext } from './side-mark.tsx'
import { useLook } from './use-look.ts'
import { useShownSample, worstFirst, type SampleList } from './use-samples.ts'

interface PictureCompareProps {
  readonly run: Run
  readonly list: SampleList
}

/** Pictures of a run beside each other: samples, the picture, and what is measured of it. */
export function PictureCompare({ run, list }: PictureCompareProps) {
  const [look, change] = useLook()
  const samples = useMemo(() => worstFirst(list.samples), [list])
  const chosen = samples.find((sample) => sample.index === look.sample) ?? samples[0]
  const shown = useShownSample(run.run, chosen, look.with)
  const choose = useCallback((index: number) => change((known) => {
    rememberRegions(run.run, known.sample ?? samples[0]?.index ?? 0, known.regions)
    return { sample: index, regions: recallRegions(run.run, index) }
  }), [change, run.run, samples])
  return (
    <BesideContext value={look.with}>
      <div className="compare">
        <SamplePanel run={run.run} list={list} samples={samples} chosen={chosen?.index ?? 0} mayAsk={shown.faces !== null} onChoose={choose} />
        {shown.faces === null || shown.shown === undefined ? <Waiting name={chosen?.sample ?? ''} error={shown.error} />
          : <Bench run={run} look={look} change={change} list={list} samples={samples} chosen={chosen!} shown={{ ...shown, faces: shown.faces, shown: shown.shown }} onChoose={choose} />}
      </div>
    </BesideContext>
  )
}

function Waiting({ name, error }: { readonly name: string; readonly error: Error | null }) {
  const say = useSay()
  return (
    <section className="panel compare-main compare-waiting" data-grows aria-label={say('compare.picture')}>
      {error === null ? <div className="stage stage-waiting" role="status">{say('compare.waiting', { name })}</div> : <FaultNotice fault={error} />}
    </section>
  )
}
