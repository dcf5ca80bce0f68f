import { Menu } from '@mantine/core'
import { IconDownload, IconGitCompare } from '@tabler/icons-react'
import { useState } from 'react'
import { useCall, type Run } from '../../client.ts'
import { useSay } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { fixed, moment, protocolName, shortRun, significant } from '../../ui/format.ts'
import { saveFile } from '../../ui/save-file.ts'
import { fileNameOf, pictureOfView } from './export.ts'
import type { Look } from './look.ts'
import { useSideName } from './side-mark.tsx'
import type { StageActs } from './stage-acts.ts'
import type { ChangeLook } from './use-look.ts'
import type { Scores } from './use-scores.ts'
import type { Value } from './value.ts'
import { MODE_TEXTS } from './words.ts'

interface ViewMenuProps {
  readonly run: Run
  readonly look: Look
  readonly change: ChangeLook
  readonly sample: string
  readonly unit: string
  readonly scores: Scores
  readonly stage: Value<StageActs | null>
}

/** Another run beside this one, and the view as a picture. */
export function ViewMenu(props: ViewMenuProps) {
  return (
    <>
      <BesideMenu {...props} />
      <ExportMenu {...props} />
    </>
  )
}

const MOST_RUNS = 14

function BesideMenu({ run, look, change }: ViewMenuProps) {
  const say = useSay()
  const [isOpen, setOpen] = useState(false)
  const { data } = useCall('runs.list', { status: 'done', limit: 200, ...(run.model === undefined ? {} : { model: run.model.sha256 }) }, { enabled: isOpen })
  const others = (data?.runs ?? []).filter((each) => each.run !== run.run && each.quality !== null).slice(0, MOST_RUNS)
  const choose = (other: string): void =>
    change(other === '' ? { with: '', a: 'float', b: 'simulated', c: null, d: null } : { with: other, a: 'simulated', b: 'other-simulated' })
  return (
    <Menu opened={isOpen} onChange={setOpen} position="bottom-end" shadow="md" withinPortal transitionProps={{ duration: 0 }}>
      <Menu.Target>
        <Button tone="quiet" className="square" aria-label={say('compare.with')} title={say('compare.with')} aria-pressed={look.with !== ''}><IconGitCompare size={16} aria-hidden /></Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{say('compare.with')}</Menu.Label>
        <Menu.Item rightSection={look.with === '' ? '✓' : null} onClick={() => choose('')}>{say('compare.with.none')}</Menu.Item>
        {others.map((each) => (
          <Menu.Item key={each.run} rightSection={each.run === look.with ? '✓' : null} onClick={() => choose(each.run)}>
            <span className="number">{shortRun(each.run)}  {moment(each.created)}  {each.method ?? each.verb}  {fixed(each.quality?.simulated, 2)}</span>
          </Menu.Item>
        ))}
        {data !== undefined && others.length === 0 ? <Menu.Item disabled>{say('compare.with.nothing')}</Menu.Item> : null}
      </Menu.Dropdown>
    </Menu>
  )
}

function ExportMenu({ run, look, sample, unit, scores, stage }: ViewMenuProps) {
  const say = useSay()
  const nameOf = useSideName()
  const [said, setSaid] = useState('')
  const make = async (): Promise<Blob | null> => {
    const drawn = stage.get()?.draw() ?? null
    if (drawn === null) return null
    const sides = (['a', 'b'] as const).map((slot) => `${nameOf(look[slot])}${scores[look[slot]] === undefined ? '' : ` ${fixed(scores[look[slot]], 2)} ${unit}`}`)
    const caption = [`Scalewright ${shortRun(run.run)}`, sample, say(MODE_TEXTS[look.mode]), sides.join(' | '), protocolName(run.quality?.protocol ?? ''), `${significant(drawn.scale * 100, 3)} %`]
    return pictureOfView(drawn.canvas, caption.filter(Boolean).join('  ·  '), devicePixelRatio)
  }
  const save = async (): Promise<void> => {
    const blob = await make()
    if (blob !== null) saveFile(blob, fileNameOf(['scalewright', shortRun(run.run), ...(look.with === '' ? [] : [shortRun(look.with)]), sample, look.mode]))
  }
  const copy = async (): Promise<void> => {
    try {
      // The clipboard wants the promise itself, made while the click still counts.
      await navigator.clipboard.write([new ClipboardItem({ 'image/png': make().then((blob) => blob ?? new Blob()) })])
      setSaid(say('copy.done'))
    } catch {
      setSaid(say('compare.copy.refused'))
    }
  }
  return (
    <>
      <Menu position="bottom-end" shadow="md" withinPortal transitionProps={{ duration: 0 }}>
        <Menu.Target><Button tone="quiet" className="square" aria-label={say('compare.export')} title={say('compare.export')}><IconDownload size={16} aria-hidden /></Button></Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => void save()}>{say('compare.save-png')}</Menu.Item>
          <Menu.Item onClick={() => void copy()}>{say('compare.copy-png')}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <span className="unseen" role="status">{said}</span>
    </>
  )
}
