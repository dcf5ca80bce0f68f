import type { ReactNode } from 'react'
import type { RunSummary } from '../../client.ts'
import { wordIn, type Say } from '../../texts/texts.ts'
import { digitsOf, duration, fixed, modelName, moment, protocolName, shortRun } from '../../ui/format.ts'
import type { Column } from '../../ui/grid.tsx'
import { statusMark, Tag, verdict } from '../../ui/marks.tsx'
import { dropOf } from '../../ui/run-columns.ts'

const quality = (run: RunSummary, version: 'float' | 'simulated' | 'fused'): string =>
  run.quality === null ? '–' : fixed(run.quality[version], digitsOf(run.quality.unit))

/** Where the quality of a run lies, in the unit of its protocol; a tenth of a decibel is what gates usually allow. */
const isLarge = (run: RunSummary): boolean => run.quality?.unit === 'dB' && (dropOf(run) ?? 0) > 0.1

/** `sr · kl · 8 bit` */
export const recipeText = (say: Say, run: RunSummary): string =>
  [run.method, run.bits === null || run.bits === undefined ? null : say('history.bits', { bits: run.bits })].filter(Boolean).join(' · ') || '–'

/** What came of a run: its gates where it was done. */
function outcome(say: Say, run: RunSummary): ReactNode {
  if (run.status !== 'done') return statusMark(say, run.status)
  if (run.gates === null) return <span className="muted">–</span>
  if (run.gates.failed > 0 && run.gates.waived === run.gates.failed) return <span className="verdict" data-tone="warning">⚑ {say('gate.waived')}</span>
  return verdict(say, run.gates.failed === 0)
}

/** Every column there is; those that the store can sort have a value. Cells use no hooks: scrolling draws hundreds of them at once. */
export const runColumns = (say: Say): readonly Column<RunSummary>[] => [
  {
    id: 'run', title: say('run'), width: '82px', value: (run) => run.run, frozen: true,
    hint: (run) => [run.run, run.baseline ? say('marks.is-baseline') : ''].filter(Boolean).join('\n'),
    cell: (run) => (
      <>
        <a className="mono" href={`#/run/${run.run}`} tabIndex={-1} onClick={(event) => event.stopPropagation()}>{shortRun(run.run)}</a>
        {run.baseline ? <span className="baseline-mark" role="img" aria-label={say('marks.is-baseline')}>◆</span> : null}
      </>
    ),
  },
  { id: 'verb', title: say('verb'), width: '84px', value: (run) => run.verb, cell: (run) => <span className="muted">{wordIn(say, 'verb', run.verb)}</span> },
  {
    id: 'model', title: say('model'), width: 'minmax(104px, 2fr)', value: (run) => run.model, hint: (run) => [run.model ?? '', ...run.tags].join('\n'),
    cell: (run) => <><span data-archived={run.archived || undefined}>{modelName(run.model)}</span> {run.tags.map((tag) => <Tag key={tag}>{tag}</Tag>)}</>,
  },
  { id: 'method', title: say('recipe'), width: 'minmax(94px, 1fr)', value: (run) => run.method, hint: (run) => recipeText(say, run), cell: (run) => recipeText(say, run) },
  { id: 'board', title: say('history.board'), width: '96px', value: (run) => run.board, hint: (run) => run.board ?? '', cell: (run) => <span className="muted">{run.board ?? '–'}</span> },
  { id: 'status', title: say('status'), width: '98px', value: (run) => run.status, cell: (run) => statusMark(say, run.status) },
  {
    id: 'protocol', title: say('measure'), width: '90px', value: (run) => run.quality?.protocol, hint: (run) => run.quality?.protocol ?? '',
    cell: (run) => <span className="muted">{run.quality === null ? '–' : protocolName(run.quality.protocol)}</span>,
  },
  { id: 'float', title: say('history.float'), width: '80px', align: 'right', value: (run) => run.quality?.float, cell: (run) => quality(run, 'float') },
  { id: 'simulated', title: say('history.simulated'), width: '84px', align: 'right', value: (run) => run.quality?.simulated, hint: (run) => run.quality?.protocol ?? '', cell: (run) => quality(run, 'simulated') },
  {
    id: 'drop', title: say('history.drop'), titleHint: say('figure.drop.remark'), width: '64px', align: 'right', value: dropOf,
    cell: (run) => <span data-tone={isLarge(run) ? 'bad' : undefined}>{fixed(dropOf(run), digitsOf(run.quality?.unit ?? 'dB'))}</span>,
  },
  { id: 'latency', title: say('latency.ratio'), width: '80px', align: 'right', value: (run) => run.latencyRatio, cell: (run) => fixed(run.latencyRatio, 2) },
  { id: 'size', title: say('size.ratio'), width: '70px', align: 'right', value: (run) => run.sizeRatio, cell: (run) => fixed(run.sizeRatio, 2) },
  { id: 'worst', title: say('history.worst'), titleHint: say('history.worst.hint'), width: '76px', align: 'right', value: (run) => run.worstSqnrDb, cell: (run) => fixed(run.worstSqnrDb, 1) },
  { id: 'gates', title: say('gates'), width: '84px', value: (run) => run.gates?.failed, cell: (run) => outcome(say, run) },
  { id: 'seconds', title: say('history.seconds'), width: '84px', align: 'right', value: (run) => run.seconds, cell: (run) => duration(run.seconds) },
  { id: 'tags', title: say('tags'), width: 'minmax(80px, 1fr)', value: (run) => run.tags.join(' '), hint: (run) => run.tags.join(' '), cell: (run) => run.tags.map((tag) => <Tag key={tag}>{tag}</Tag>) },
  { id: 'note', title: say('marks.note'), width: 'minmax(100px, 1.4fr)', hint: (run) => run.note ?? '', cell: (run) => <span className="muted">{run.note}</span> },
  { id: 'created', title: say('created'), width: '104px', align: 'right', value: (run) => run.created, hint: (run) => moment(run.created, true), cell: (run) => shortMoment(run.created) },
]

/** `11-21 06:22`; with its year where that is another one. */
function shortMoment(iso: string): string {
  const text = moment(iso)
  return text.startsWith(`${new Date().getFullYear()}-`) ? text.slice(5) : text.slice(0, 10)
}
