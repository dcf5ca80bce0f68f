import { Popover } from '@mantine/core'
import { IconArrowBackUp, IconArrowForwardUp, IconX } from '@tabler/icons-react'
import { useState } from 'react'
import { JobProgress } from '../../app/job-progress.tsx'
import { isOver } from '../../app/live.ts'
import { call, type Job } from '../../client.ts'
import type { LayersBelow } from '../../../preload/contract/index.ts'
import { useSay, type Say } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { EngineText } from '../../ui/engine-text.tsx'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { significant } from '../../ui/format.ts'
import { useWhyNot } from '../../ui/use-writable.ts'
import type { Drafts, LayerDraft } from './draft.ts'

interface ApplyBarProps {
  readonly drafts: Drafts
  readonly below: LayersBelow | undefined
  /** `below` is of the changes before, or the job is being started. */
  readonly isWaiting: boolean
  /** Why the changes cannot be planned. */
  readonly fault: unknown
  readonly job: Job | undefined
  readonly canUndo: boolean
  readonly canRedo: boolean
  readonly onUndo: () => void
  readonly onRedo: () => void
  readonly onRemove: (tensor: string) => void
  readonly onReset: () => void
  readonly onShow: (tensor: string) => void
  readonly onApply: () => void
}

/** What the changes would reach and cost, and the one act that makes a run of them. */
export function ApplyBar(props: ApplyBarProps) {
  const { drafts, below, isWaiting, fault, job } = props
  const say = useSay()
  const whyNot = useWhyNot()
  const count = Object.keys(drafts).length
  if (job !== undefined && !isOver(job)) return <footer className="apply apply-job"><JobProgress job={job} /><Cancel job={job} /></footer>
  const isIdle = below !== undefined && below.below.length === 0
  return (
    <footer className="apply-part">
      {job?.fault ? <FaultNotice fault={job.fault} /> : fault === null ? null : <FaultNotice fault={fault} />}
      {count > 0 && below !== undefined && below.idle.length > 0 ? <Idle below={below} /> : null}
      <div className="apply">
        <span className="apply-text" role="status">{count === 0 ? say('layers.no-change') : below === undefined || fault !== null ? '' : reachText(say, below)}</span>
        <button type="button" className="tool" disabled={!props.canUndo} onClick={props.onUndo} aria-label={say('layers.undo')} title={`${say('layers.undo')}  Ctrl Z`}><IconArrowBackUp size={16} aria-hidden /></button>
        <button type="button" className="tool" disabled={!props.canRedo} onClick={props.onRedo} aria-label={say('layers.redo')} title={`${say('layers.redo')}  Ctrl ⇧ Z`}><IconArrowForwardUp size={16} aria-hidden /></button>
        {count === 0 ? null : <Changes {...props} />}
        <Button tone="primary" disabled={count === 0 || below === undefined || isWaiting || isIdle || fault !== null || whyNot !== undefined} title={whyNot ?? (isIdle ? say('layers.idle-all') : undefined)} onClick={props.onApply}>{say('layers.apply')}</Button>
      </div>
    </footer>
  )
}

function reachText(say: Say, { below, secondsEstimate }: LayersBelow): string {
  if (below.length === 0) return say('layers.idle-all')
  const cost = secondsEstimate === null ? say('layers.cost-unknown') : say('layers.cost', { seconds: secondsEstimate < 10 ? significant(Math.max(0.1, secondsEstimate), 2) : String(Math.round(secondsEstimate)) })
  return `${say('layers.reach', { count: below.length })}; ${cost}`
}

function Idle({ below }: { readonly below: LayersBelow }) {
  const say = useSay()
  return (
    <ul className="apply-idle">
      {below.idle.slice(0, 4).map(({ tensor, why, reason }) => <li key={tensor}><b className="mono">{tensor}</b> {say(`layers.idle.${why}`)}{reason === '' ? null : <> (<EngineText text={reason} />)</>}</li>)}
    </ul>
  )
}

/** A draft in one line: `0 … 3.42`, `mse`, `16 bits`. */
export function draftText(say: Say, draft: LayerDraft): string {
  return [
    draft.lo === undefined && draft.hi === undefined ? '' : `${significant(draft.lo ?? 0)} … ${significant(draft.hi ?? 0)}`,
    draft.method ?? '',
    draft.scale === undefined ? '' : `× ${significant(draft.scale)}`,
    draft.bits === undefined ? '' : say('layers.n-bits', { count: draft.bits }),
    draft.float === undefined ? '' : say(draft.float ? 'layers.in-float' : 'layers.not-float'),
  ].filter(Boolean).join(', ')
}

function Changes({ drafts, onRemove, onReset, onShow }: ApplyBarProps) {
  const say = useSay()
  const [isOpen, setOpen] = useState(false)
  const entries = Object.entries(drafts)
  return (
    <Popover opened={isOpen} onChange={setOpen} position="top-end" shadow="md" withinPortal trapFocus transitionProps={{ duration: 0 }}>
      <Popover.Target><Button onClick={() => setOpen(!isOpen)} aria-expanded={isOpen}>{say('layers.changes', { count: entries.length })}</Button></Popover.Target>
      <Popover.Dropdown className="changes" aria-label={say('layers.pending')}>
        <ul>
          {entries.map(([tensor, draft]) => (
            <li key={tensor}>
              <button type="button" className="link mono changes-name" title={tensor} onClick={() => { setOpen(false); onShow(tensor) }}>{tensor}</button>
              <span className="number changes-what" title={draftText(say, draft)}>{draftText(say, draft)}</span>
              <button type="button" className="tool" aria-label={say('layers.remove', { tensor })} title={say('layers.remove', { tensor })} onClick={() => onRemove(tensor)}><IconX size={14} aria-hidden /></button>
            </li>
          ))}
        </ul>
        <Button onClick={() => { onReset(); setOpen(false) }}>{say('layers.reset')}</Button>
      </Popover.Dropdown>
    </Popover>
  )
}

function Cancel({ job }: { readonly job: Job }) {
  const say = useSay()
  const [fault, setFault] = useState<unknown>(null)
  return (
    <>
      {fault === null ? null : <FaultNotice fault={fault} />}
      <Button onClick={() => void call('jobs.cancel', { id: job.id }).catch(setFault)}>{say('cancel')}</Button>
    </>
  )
}
