import { useSay } from '../../texts/texts.ts'

interface FormatPanelProps {
  readonly formats: readonly { readonly name: string; readonly title: string }[]
  /** Those of the board, which are written anyway. */
  readonly own: readonly string[]
  readonly chosen: readonly string[]
  readonly onFormats: (formats: readonly string[]) => void
}

/** Formats that are written besides those of the board. */
export function FormatPanel({ formats, own, chosen, onFormats }: FormatPanelProps) {
  const say = useSay()
  return (
    <details className="panel export-formats" open={chosen.length > 0 || undefined}>
      <summary title={say('export.formats.what')}>{say('export.formats')}{chosen.length === 0 ? null : <span className="number"> {chosen.length}</span>}</summary>
      <ul>
        {formats.filter(({ name }) => !own.includes(name)).map(({ name, title }) => (
          <li key={name}><label className="check"><input type="checkbox" checked={chosen.includes(name)} onChange={(event) => onFormats(event.target.checked ? [...chosen, name] : chosen.filter((each) => each !== name))} /> {title}</label></li>
        ))}
      </ul>
    </details>
  )
}
