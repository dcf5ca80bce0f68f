import { IconX } from '@tabler/icons-react'
import { useState, type FormEvent } from 'react'
import { useSay } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { Panel } from '../../ui/panel.tsx'
import { means, type Layer, type Line, type Lines } from './lines.ts'
import { setQuantize } from './recipe-log.ts'

interface LinesPanelProps {
  readonly lines: Lines
  readonly layers: readonly Layer[]
  readonly current: string
  readonly onCurrent: (line: string) => void
}

/** The lines that the recipe holds, and the way to a new one: a pattern, an operator, a name. */
export function LinesPanel({ lines, layers, current, onCurrent }: LinesPanelProps) {
  const say = useSay()
  const [typed, setTyped] = useState('')
  const line = typed.trim()
  const count = (of: string): number => layers.filter((layer) => means(of, layer)).length
  function add(event: FormEvent): void {
    event.preventDefault()
    if (line === '') return
    onCurrent(line)
    setTyped('')
  }
  return (
    <Panel title={say('tune.lines')} aside={<span className="panel-note">{say('tune.lines.what')}</span>}>
      {Object.keys(lines).length === 0 ? <p className="panel-text">{say('tune.lines.none')}</p> : (
        <div className="tune-lines" tabIndex={0} role="region" aria-label={say('tune.lines')}>
          <table className="plain">
            <tbody>
              {Object.entries(lines).map(([name, value]) => (
                <tr key={name} aria-current={name === current || undefined}>
                  <th scope="row"><button type="button" className="link mono" onClick={() => onCurrent(name)}>{name}</button></th>
                  <td className="mono">{lineText(value)}</td>
                  <td data-align="right">{count(name)}</td>
                  <td data-align="right"><Button tone="quiet" aria-label={say('calibrate.remove-of', { name })} title={say('calibrate.remove')} onClick={() => setQuantize(['layers', name], undefined)}><IconX size={14} aria-hidden /></Button></td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <form className="lines-add" onSubmit={add}>
        <input className="field mono" aria-label={say('tune.pattern')} placeholder={say('tune.pattern.hint')} value={typed} onChange={(event) => setTyped(event.target.value)} autoComplete="off" spellCheck={false} />
        <span className="muted number">{line === '' ? '' : say('tune.pattern.fits', { count: count(line) })}</span>
        <Button type="submit" disabled={line === '' || count(line) === 0}>{say('tune.pattern.open')}</Button>
      </form>
    </Panel>
  )
}

const lineText = (line: Line): string => Object.entries(line).map(([key, value]) => `${key}: ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`).join(', ')
