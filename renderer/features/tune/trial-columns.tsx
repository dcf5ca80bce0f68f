import type { Trial } from '../../../preload/contract/index.ts'
import type { Say, TextKey } from '../../texts/texts.ts'
import { Delta } from '../../ui/delta.tsx'
import { duration, fixed, NOTHING, significant } from '../../ui/format.ts'
import type { Column } from '../../ui/grid.tsx'
import { gainOf } from './trials.ts'
import { settingsText } from './use-tune-runs.ts'

const STAGES: Readonly<Record<string, TextKey>> = { start: 'tune.stage.start', grid: 'tune.stage.grid', switches: 'tune.stage.switches', finetune: 'tune.stage.finetune', layers: 'tune.stage.layers', float: 'tune.stage.float', final: 'tune.stage.final' }

function stageName(say: Say, stage: string): string {
  const key = STAGES[stage]
  return key === undefined ? stage : say(key)
}

export interface TrialRow {
  readonly n: number
  readonly trial: Trial
}

/** The last words of each setting: the whole of it stands in the row's hint. */
const shortly = (settings: readonly string[]): string => settingsText(settings).replaceAll(/(?<![\w.])(?:activations|weights)\./g, '')

/** Score against the start; better or worse only where it is more than chance. */
export function TrialDelta({ trials, trial }: { readonly trials: readonly Trial[]; readonly trial: Trial }) {
  if (trial.settings.length === 0) return null
  const gain = gainOf(trials, trial)
  const isChance = gain !== null && trial.scoreError !== null && Math.abs(gain) < trial.scoreError
  return <Delta value={gain} digits={4} {...(isChance ? {} : { better: 'up' as const })} />
}

/** Trials as a table: `best` is marked where it stands. */
export function trialColumns(say: Say, trials: readonly Trial[], best: Trial | undefined): readonly Column<TrialRow>[] {
  return [
    { id: 'n', title: '#', width: '44px', align: 'right', value: ({ n }) => n, cell: ({ n }) => <span className="muted">{n}</span> },
    { id: 'stage', title: say('tune.stage'), width: '84px', value: ({ trial }) => trial.stage, cell: ({ trial }) => <>{trial === best ? <span className="verdict" data-tone="good" title={say('tune.best')}>★ </span> : null}{stageName(say, trial.stage)}</> },
    {
      id: 'settings', title: say('tune.settings'), width: 'minmax(200px, 3fr)', value: ({ trial }) => trial.settings.join(' '), hint: ({ trial }) => trial.fault ?? trial.settings.join('\n'),
      cell: ({ trial }) => (trial.fault === null ? trial.settings.length === 0 ? <span className="muted">{say('tune.as-it-was')}</span> : <span className="mono">{shortly(trial.settings)}</span> : <span data-tone="bad">✕ <span className="mono">{shortly(trial.settings)}</span></span>),
    },
    { id: 'samples', title: say('tune.samples'), width: '68px', align: 'right', value: ({ trial }) => trial.samples, cell: ({ trial }) => trial.samples },
    { id: 'score', title: say('tune.score'), width: '80px', align: 'right', value: ({ trial }) => trial.score, hint: ({ trial }) => trial.protocol, cell: ({ trial }) => fixed(trial.score, 4) },
    { id: 'error', title: '±', titleHint: say('tune.error.what'), width: '62px', align: 'right', value: ({ trial }) => trial.scoreError, cell: ({ trial }) => <span className="muted">{trial.scoreError === null ? NOTHING : fixed(trial.scoreError, 4)}</span> },
    { id: 'delta', title: 'Δ', titleHint: say('tune.delta.what'), width: '84px', align: 'right', value: ({ trial }) => gainOf(trials, trial), cell: ({ trial }) => <TrialDelta trials={trials} trial={trial} /> },
    { id: 'nsr', title: 'NSR', titleHint: say('tune.nsr.what'), width: '74px', align: 'right', value: ({ trial }) => trial.nsr, cell: ({ trial }) => significant(trial.nsr, 3) },
    { id: 'seconds', title: say('tune.seconds'), width: '58px', align: 'right', value: ({ trial }) => trial.seconds, cell: ({ trial }) => <span className="muted">{duration(trial.seconds)}</span> },
  ]
}
