import { useSay, type TextKey } from '../../../texts/texts.ts'
import { moment, shortRun } from '../../../ui/format.ts'
import { OVERLAYS, type Overlay } from './overlay.ts'

/** A run of this model that has something to paint. */
export interface PaintableRun {
  readonly run: string
  readonly created: string
}

interface OverlayChoiceProps {
  readonly runs: readonly PaintableRun[]
  readonly run: string | null
  readonly overlay: Overlay
  readonly onChange: (change: Readonly<Record<string, string>>) => void
}

const NAMES: Readonly<Record<Overlay, TextKey>> = {
  sqnr: 'model.overlay.sqnr', cosine: 'model.overlay.cosine', clipped: 'model.overlay.clipped', bits: 'model.overlay.bits',
}
export const overlayName = (overlay: Overlay): TextKey => NAMES[overlay]

/** Which run's numbers are painted on the graph, and which of them. */
export function OverlayChoice({ runs, run, overlay, onChange }: OverlayChoiceProps) {
  const say = useSay()
  if (runs.length === 0 && run === null) return null
  return (
    <>
      <select className="field" aria-label={say('model.overlay.run')} title={say('model.overlay.run')} value={run ?? ''} onChange={(event) => onChange({ run: event.target.value })}>
        <option value="">{say('model.overlay.none')}</option>
        {run !== null && !runs.some((each) => each.run === run) ? <option value={run}>{shortRun(run)}</option> : null}
        {runs.map((each) => <option key={each.run} value={each.run}>{`${shortRun(each.run)} · ${moment(each.created).slice(5)}`}</option>)}
      </select>
      {run === null ? null : (
        <select className="field" aria-label={say('model.overlay')} title={say('model.overlay')} value={overlay} onChange={(event) => onChange({ overlay: event.target.value })}>
          {OVERLAYS.map((each) => <option key={each} value={each}>{say(overlayName(each))}</option>)}
        </select>
      )}
    </>
  )
}
