import { IconFileUpload } from '@tabler/icons-react'
import { useId, useRef, useState } from 'react'
import type { ModelRef } from '../../../preload/contract/index.ts'
import { useCall } from '../../client.ts'
import { useSay } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { modelName, moment } from '../../ui/format.ts'

interface ChooseModelProps {
  readonly writable: boolean
  readonly onFiles: (files: readonly File[]) => void
  readonly onChoose: (model: ModelRef) => void
}

const RECENT = 60
const SHOWN = 6

/** Every way to a model: files of this computer, a path, the bundled one, models of earlier runs. */
export function ChooseModel({ writable, onFiles, onChoose }: ChooseModelProps) {
  const say = useSay()
  const picker = useRef<HTMLInputElement>(null)
  const [path, setPath] = useState('')
  const field = useId()
  return (
    <section className="panel choose" aria-label={say('model.choose')}>
      <div className="choose-drop">
        <IconFileUpload size={40} stroke={1.2} aria-hidden />
        <h2>{say('model.drop')}</h2>
        <p>{say('model.drop.what')}</p>
        <div className="choose-act">
          <Button tone="primary" disabled={!writable} onClick={() => picker.current?.click()}>{say('model.file')}</Button>
          <Button onClick={() => onChoose({ kind: 'bundled' })}>{say('model.bundled')}</Button>
        </div>
        {writable ? null : <p className="muted">{say('model.read-only')}</p>}
        <input
          ref={picker} hidden type="file" multiple accept=".onnx,.data,.bin,.weights,.onnx_data,.prototxt,.caffemodel" aria-label={say('model.file')} tabIndex={-1}
          onChange={(event) => { onFiles([...(event.target.files ?? [])]); event.target.value = '' }}
        />
      </div>
      <form className="choose-path" onSubmit={(event) => { event.preventDefault(); if (path.trim() !== '') onChoose({ kind: 'path', path: path.trim() }) }}>
        <label htmlFor={field}>{say('model.path')}</label>
        <input id={field} className="field mono" value={path} spellCheck={false} placeholder="models/net.onnx" onChange={(event) => setPath(event.target.value)} />
        <Button type="submit" disabled={path.trim() === ''}>{say('model.open')}</Button>
      </form>
      <Recent onChoose={onChoose} />
    </section>
  )
}

function Recent({ onChoose }: Pick<ChooseModelProps, 'onChoose'>) {
  const say = useSay()
  const runs = useCall('runs.list', { limit: RECENT }).data?.runs ?? []
  const newest = [...new Map(runs.toReversed().filter(({ model }) => model !== null).map((run) => [run.model, run])).values()].toReversed().slice(0, SHOWN)
  if (newest.length === 0) return null
  return (
    <div className="choose-recent">
      <h3>{say('model.recent')}</h3>
      <ul>
        {newest.map((run) => (
          <li key={run.run}>
            <button type="button" title={run.model ?? ''} onClick={() => onChoose({ kind: 'run', run: run.run, version: 'float' })}>
              <b>{modelName(run.model)}</b> <span className="number muted">{moment(run.created)}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  )
}
