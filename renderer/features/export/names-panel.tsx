import { useSay } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { fileName } from '../../ui/format.ts'
import { FilePanel } from './file-panel.tsx'

interface NamesPanelProps {
  /** Ending of the importer's own file. */
  readonly ending: string
  /** Path of the one that is given; '' for none. */
  readonly names: string
  readonly onNames: (path: string) => void
}

/** Takes the importer's own file: tables are then written under the names that are in it. */
export function NamesPanel({ ending, names, onNames }: NamesPanelProps) {
  const say = useSay()
  return (
    <FilePanel
      title={say('export.names')} ending={ending} choose={say('export.names.choose', { ending })} onPath={onNames} acts={names === '' ? null : <Button onClick={() => onNames('')}>{say('export.names.without')}</Button>}
      refused={{ code: 'input.vendor-names', what: `none of these files is a ${ending}`, next: `Give the ${ending} file that model_transform writes.` }}
    >
      <p className="panel-text">{say('export.names.what', { ending })}</p>
      {names === '' ? null : <p className="mono export-out" title={names}>{fileName(names)}</p>}
    </FilePanel>
  )
}
