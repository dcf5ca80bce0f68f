import { useMemo } from 'react'
import { useCall, type Run } from '../../client.ts'
import { useSay } from '../../texts/texts.ts'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { digitsOf } from '../../ui/format.ts'
import { worstTile, type PairFacts } from './analysis.ts'
import { ClipsPanel } from './clips-panel.tsx'
import { CurvePanel, OperatorsPanel } from './cost-panel.tsx'
import { DifferenceBar } from './difference-bar.tsx'
import { ErrorMap } from './error-map.tsx'
import { lettersOf } from './letters.ts'
import { sameRegion, withRegion, type Look } from './look.ts'
import { regionBetween } from './moves.ts'
import { ProbeLine } from './probe-line.tsx'
import type { Region } from './psnr.ts'
import { RegionsPanel } from './regions-panel.tsx'
import { regionText } from './region-text.ts'
import { ScoresPanel } from './scores-panel.tsx'
import { standIn, type Faces } from './sides.ts'
import { Stage } from './stage.tsx'
import { ToolBar } from './tool-bar.tsx'
import { useCompareKeys } from './use-compare-keys.ts'
import { useHands } from './use-hands.ts'
import type { ChangeLook } from './use-look.ts'
import type { ListedSample, SampleList, ShownSample } from './use-samples.ts'
import { usePairFacts, useRegionScores, useScores } from './use-scores.ts'
import { ViewMenu } from './view-menu.tsx'

export interface BenchProps {
  readonly run: Run
  readonly look: Look
  readonly change: ChangeLook
  readonly list: SampleList
  /** Worst first. */
  readonly samples: readonly ListedSample[]
  readonly chosen: ListedSample
  readonly shown: ShownSample & { readonly faces: Faces; readonly shown: NonNullable<ShownSample['shown']> }
  readonly onChoose: (index: number) => void
}

const TILE = 64

/** One sample: its picture, and what is measured of it. */
export function Bench({ run, look: wished, change, list, samples, chosen, shown: { faces, shown, isOld, other, otherError, isMissingInOther }, onChoose }: BenchProps) {
  const say = useSay()
  const a = standIn(faces, wished.a, 'float')!
  const b = standIn(faces, wished.b, 'simulated', 'fused')!
  // Regions belong to the sample that is chosen, which may not be there yet.
  const look = useMemo(() => ({ ...wished, a, b, ...(isOld ? { regions: [] } : {}) }), [wished, a, b, isOld])
  const hands = useHands(look.mode)
  const { stage, spot, seen } = hands
  const scores = useScores(faces, shown, other)
  const facts = usePairFacts(faces, a, b)
  const regionScores = useRegionScores(faces, look.regions, a, b, shown.protocol)
  const beside = useCall('runs.show', { run: wished.with }, { enabled: wished.with !== '' })
  const addRegion = (region: Region): void => change(({ regions }) => ({ regions: withRegion(regions, region) }))
  const swap = (): void => (look.mode === 'blink' ? hands.flip() : change({ a: b, b: a }))
  const play = (): void => {
    change({ mode: 'blink' })
    hands.setPlaying(!hands.playing)
  }
  const showTile = async (): Promise<void> => {
    const tile = await tileOf(facts)
    if (tile === null) return
    stage.get()?.show(tile)
    addRegion(tile)
  }
  const toTile = (): void => void showTile()
  useKeys({ look, change, hands, swap, play, toTile, addRegion, samples, chosen, onChoose })
  return (
    <>
      <section className="panel compare-main" data-grows aria-label={say('compare.picture')}>
        <ToolBar
          faces={faces} look={look} change={change} stage={stage} seen={seen} tool={hands.tool} onTool={hands.setTool} pointed={hands.pointed} onPointed={hands.point}
          playing={hands.playing} onPlaying={play} onSwap={swap}
        >
          <ViewMenu run={run} look={look} change={change} sample={shown.sample} unit={list.unit} scores={scores} stage={stage} />
        </ToolBar>
        {look.mode === 'difference' ? <DifferenceBar look={look} change={change} facts={facts} channels={faces[a]!.channels} /> : null}
        {otherError === null ? null : <FaultNotice fault={otherError}><button type="button" className="link" onClick={() => change({ with: '' })}>{say('compare.with.none')}</button></FaultNotice>}
        {isMissingInOther ? <p className="compare-note" role="status">{say('compare.with.missing')}</p> : null}
        <Stage
          faces={faces} look={look} change={change} scores={scores} digits={digitsOf(list.unit)} hold={hands.hold} flipped={hands.flipped} loupe={hands.loupe} tool={hands.tool}
          pointed={hands.pointed} waitsFor={isOld ? chosen.sample : null} regionTexts={look.regions.map((_, index) => regionText(regionScores?.[index]))} spot={spot} seen={seen} onRegion={addRegion} stage={stage}
        />
        <ProbeLine faces={faces} a={a} b={b} codes={shown.codes} otherCodes={other?.codes ?? null} spot={spot} pointed={hands.pointed} sample={shown.sample} />
      </section>
      <div className="compare-side" tabIndex={0} role="region" aria-label={say('compare.measures')}>
        <ScoresPanel run={run} beside={beside.data?.run} faces={faces} scores={scores} sample={shown.sample} />
        <ErrorMap facts={facts} a={a} b={b} map={look.map} seen={seen} onGo={(cx, cy) => change({ cx, cy, zoom: look.zoom ?? seen.get()?.scale ?? 1 })} onTile={toTile} />
        <RegionsPanel
          faces={faces} a={a} b={b} protocol={shown.protocol} regions={look.regions} scores={regionScores} onShow={(region) => stage.get()?.show(region)}
          onDrop={(region) => change(({ regions }) => ({ regions: regions.filter((each) => !sameRegion(each, region)) }))}
        />
        <ClipsPanel faces={faces} marks={look.marks} change={change} />
        <CurvePanel run={run} />
        <OperatorsPanel run={run} />
      </div>
    </>
  )
}

async function tileOf(facts: PairFacts | null): Promise<Region | null> {
  if (facts === null) return null
  const { x, y, width, height } = await worstTile(facts, TILE, new AbortController().signal)
  return { x, y, width, height }
}

interface Keys extends Pick<BenchProps, 'look' | 'change' | 'samples' | 'chosen' | 'onChoose'> {
  readonly hands: ReturnType<typeof useHands>
  readonly swap: () => void
  readonly play: () => void
  readonly toTile: () => void
  readonly addRegion: (region: Region) => void
}

function useKeys({ look, change, hands, swap, play, toTile, addRegion, samples, chosen, onChoose }: Keys): void {
  const { stage, spot, corner } = hands
  const toSample = (by: number): void => {
    const next = samples[(samples.indexOf(chosen) + by + samples.length) % samples.length]
    if (next !== undefined) onChoose(next.index)
  }
  /** Two corners by keys make a region. */
  const markCorner = (): void => {
    const at = spot.get()
    if (!hands.pointed || hands.tool !== 'region' || at === null) return
    const from = corner.get()
    corner.set(from === null ? at : null)
    if (from !== null) addRegion(regionBetween(from, at))
  }
  useCompareKeys({
    letters: lettersOf({ look, change, stage, swap, point: hands.point, play, tile: toTile, sample: toSample, worst: () => onChoose(samples[0]!.index), region: hands.pickRegion }),
    flip: swap, move: (dx, dy) => stage.get()?.move(dx, dy), zoom: (by) => stage.get()?.zoom(by), hold: hands.setHold, loupe: hands.setLoupe, enter: markCorner, escape: hands.drop,
  }, hands.isReady)
}
