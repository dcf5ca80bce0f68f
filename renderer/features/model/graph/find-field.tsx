import { useEffect, useRef, useState, type KeyboardEvent } from 'react'
import { useSay } from '../../../texts/texts.ts'
import { useStable } from '../../../ui/use-stable.ts'

interface FindFieldProps {
  readonly text: string
  readonly hits: readonly number[]
  /** The selected node. */
  readonly at: number | null
  readonly onText: (text: string) => void
  /** Goes on to the next node that the text finds, or back to the one before. */
  readonly onNext: (text: string, by: 1 | -1) => void
}

/** Finds nodes. Enter and F3 go to the next one, with Shift to the one before; Ctrl F comes here. */
export function FindField({ text, hits, at, onText, onNext }: FindFieldProps) {
  const say = useSay()
  const field = useRef<HTMLInputElement>(null)
  // The address follows a moment later: what is typed stands here meanwhile. Null: nobody types.
  const [typed, setTyped] = useState<string | null>(null)
  const shown = typed ?? text
  const next = useStable((by: 1 | -1) => onNext(shown, by))
  useEffect(() => {
    function onKey(event: globalThis.KeyboardEvent): void {
      if (event.key === 'F3') next(event.shiftKey ? -1 : 1)
      else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'f' && !event.shiftKey && !event.altKey) field.current?.focus()
      else return
      event.preventDefault()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [next])

  function change(wanted: string): void {
    setTyped(wanted)
    onText(wanted)
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (event.nativeEvent.isComposing) return
    if (event.key === 'Enter') next(event.shiftKey ? -1 : 1)
    else if (event.key === 'Escape' && shown !== '') change('')
    else return
    event.preventDefault()
  }

  const place = at === null ? -1 : hits.indexOf(at)
  return (
    <span className="filter graph-find">
      <input
        ref={field} className="field" type="search" data-filter aria-label={say('model.find')} placeholder={say('model.find.hint')} value={shown} spellCheck={false}
        onFocus={() => setTyped(text)} onBlur={() => setTyped(null)} onChange={(event) => change(event.target.value)} onKeyDown={onKeyDown} title={say('model.find.keys')}
      />
      {text === '' ? null : <span className="filter-count number" role="status" data-tone={hits.length === 0 ? 'warning' : undefined}>{place < 0 ? hits.length : `${place + 1} / ${hits.length}`}</span>}
    </span>
  )
}
