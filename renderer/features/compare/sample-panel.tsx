import { memo, useEffect, useRef, type KeyboardEvent } from 'react'
import { useSay } from '../../texts/texts.ts'
import { digitsOf, drop, fixed, protocolName, signed } from '../../ui/format.ts'
import { nextActive } from '../../ui/next-active.ts'
import { Panel } from '../../ui/panel.tsx'
import { Thumbnail } from './thumbnail.tsx'
import type { ListedSample, SampleList } from './use-samples.ts'

interface SamplePanelProps {
  readonly run: string
  readonly list: SampleList
  /** Worst first. */
  readonly samples: readonly ListedSample[]
  readonly chosen: number
  readonly mayAsk: boolean
  readonly onChoose: (index: number) => void
}

const digits = (unit: string): number => Math.min(2, digitsOf(unit))

/** The samples of the run, the greatest loss first. */
export const SamplePanel = memo(function SamplePanel({ run, list, samples, chosen, mayAsk, onChoose }: SamplePanelProps) {
  const say = useSay()
  const box = useRef<HTMLUListElement>(null)
  const at = samples.findIndex((sample) => sample.index === chosen)

  useEffect(() => {
    box.current?.children[at]?.scrollIntoView({ block: 'nearest' })
  }, [at])
  function onKeyDown(event: KeyboardEvent): void {
    const next = nextActive(event.key, at, samples.length, 6)
    if (next === null) return
    onChoose(samples[next]!.index)
    event.preventDefault()
  }
  return (
    <Panel title={say('place.samples')} aside={<span className="panel-note" title={list.protocol}>{list.protocol === '' ? '' : `${protocolName(list.protocol)} · `}{say('compare.worst-first')}</span>} grows>
      <ul className="sample-list" role="listbox" aria-label={say('place.samples')} tabIndex={0} ref={box} onKeyDown={onKeyDown} aria-activedescendant={at < 0 ? undefined : `sample-${chosen}`}>
        {samples.map((sample) => (
          <li
            key={sample.index} id={`sample-${sample.index}`} role="option" aria-selected={sample.index === chosen} className="sample" title={sample.sample}
            onClick={() => onChoose(sample.index)}
          >
            <Thumbnail run={run} sample={sample.index} mayAsk={mayAsk} />
            <span className="sample-name mono">{sample.sample}</span>
            <SampleLoss sample={sample} unit={list.unit} />
          </li>
        ))}
      </ul>
    </Panel>
  )
})

function SampleLoss({ sample: { scores }, unit }: { readonly sample: ListedSample; readonly unit: string }) {
  const lost = drop(scores.float, scores.simulated)
  const text = lost === null ? fixed(scores.simulated, digits(unit)) : signed(-lost, digits(unit))
  // A tenth of a decibel is what gates usually allow.
  return <span className="sample-loss number" data-tone={lost !== null && unit === 'dB' && lost > 0.1 ? 'bad' : undefined}>{text}{unit === 'ratio' ? '' : ` ${unit}`}</span>
}
