import { Menu } from '@mantine/core'
import { IconBookmark, IconColumns3, IconCopy, IconTrash } from '@tabler/icons-react'
import { useState } from 'react'
import { useSay } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import type { Column } from '../../ui/grid.tsx'
import { useToast } from '../../ui/toast.tsx'
import { typedKey } from '../../ui/typing.ts'
import type { LayerRow } from './rows.ts'
import { savedViews, type SavedView } from './views.ts'

interface FilterFieldProps {
  readonly line: string
  readonly unknown: readonly string[]
  readonly shown: number
  readonly all: number
  readonly onChange: (line: string) => void
}

export function LayerFilterField({ line, unknown, shown, all, onChange }: FilterFieldProps) {
  const say = useSay()
  return (
    <span className="filter">
      <input
        className="field mono" data-filter type="search" spellCheck={false} value={line} onChange={(event) => onChange(event.target.value)} placeholder="sqnr<40 op:Conv clip>0.1"
        aria-label={say('filter')} aria-invalid={unknown.length > 0} title={say('layers.filter-hint')}
      />
      <span className="filter-count number" role="status" data-tone={unknown.length > 0 ? 'warning' : undefined}>
        {unknown.length > 0 ? say('history.unknown', { words: unknown.join(' ') }) : say('layers.count', { shown, all })}
      </span>
    </span>
  )
}

interface ColumnsMenuProps {
  readonly columns: readonly Column<LayerRow>[]
  readonly shown: readonly string[]
  readonly onToggle: (id: string) => void
  readonly onReset: () => void
}

export function ColumnsMenu({ columns, shown, onToggle, onReset }: ColumnsMenuProps) {
  const say = useSay()
  return (
    <Menu position="bottom-end" shadow="md" withinPortal closeOnItemClick={false} transitionProps={{ duration: 0 }}>
      <Menu.Target><button type="button" className="tool" aria-label={say('layers.columns')} title={say('layers.columns')}><IconColumns3 size={16} aria-hidden /></button></Menu.Target>
      <Menu.Dropdown className="tool-menu">
        {columns.map(({ id, title }) => (
          <Menu.CheckboxItem key={id} checked={shown.includes(id)} onChange={() => onToggle(id)}>{title}</Menu.CheckboxItem>
        ))}
        <Menu.Divider />
        <Menu.Item onClick={onReset}>{say('layers.columns.first')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

interface ViewsMenuProps {
  readonly current: Omit<SavedView, 'name'>
  readonly onTake: (view: SavedView) => void
}

/** Filter, sort and columns under a name. */
export function ViewsMenu({ current, onTake }: ViewsMenuProps) {
  const say = useSay()
  const toast = useToast()
  const views = savedViews.use()
  const [name, setName] = useState('')
  const save = (): void => {
    if (name.trim() !== '') savedViews.save({ name: name.trim(), ...current })
    setName('')
  }
  return (
    <Menu position="bottom-end" shadow="md" withinPortal transitionProps={{ duration: 0 }}>
      <Menu.Target><button type="button" className="tool" aria-label={say('layers.views')} title={say('layers.views')}><IconBookmark size={16} aria-hidden /></button></Menu.Target>
      <Menu.Dropdown className="tool-menu">
        {views.length === 0 ? <Menu.Label>{say('layers.views.none')}</Menu.Label> : null}
        {views.map((view) => (
          <div key={view.name} className="view-line" role="presentation">
            <Menu.Item onClick={() => onTake(view)} title={[view.q, view.sort].filter(Boolean).join('  ·  ')}>{view.name}</Menu.Item>
            <Menu.Item
              className="view-forget" aria-label={say('layers.views.forget', { name: view.name })} closeMenuOnClick={false}
              onClick={() => toast({ text: say('layers.views.gone', { name: view.name }), undo: savedViews.forget(view.name) })}
            >
              <IconTrash size={14} aria-hidden />
            </Menu.Item>
          </div>
        ))}
        <Menu.Divider />
        <div className="view-save" role="presentation">
          <input className="field" value={name} placeholder={say('layers.views.name')} aria-label={say('layers.views.name')} onChange={(event) => setName(event.target.value)} onKeyDown={(event) => { event.stopPropagation(); if (typedKey(event) === 'Enter') save() }} />
          <Button onClick={save} disabled={name.trim() === ''}>{say('layers.views.save')}</Button>
        </div>
      </Menu.Dropdown>
    </Menu>
  )
}

interface CopyMenuProps {
  readonly cell: () => string | null
  readonly row: () => string | null
  readonly table: () => string
}

/** Puts a text on the clipboard and says what it was. */
export function useCopy(): (text: string | null, what: string) => void {
  const say = useSay()
  const toast = useToast()
  return (text, what) => {
    if (text === null) return
    void navigator.clipboard.writeText(text).then(() => toast({ text: say('layers.copied', { what }) }), () => toast({ text: say('layers.copy-refused'), tone: 'bad' }))
  }
}

export function CopyMenu({ cell, row, table }: CopyMenuProps) {
  const say = useSay()
  const copy = useCopy()
  return (
    <Menu position="bottom-end" shadow="md" withinPortal transitionProps={{ duration: 0 }}>
      <Menu.Target><button type="button" className="tool" aria-label={say('copy')} title={say('copy')}><IconCopy size={16} aria-hidden /></button></Menu.Target>
      <Menu.Dropdown>
        <Menu.Item rightSection={<kbd className="key">Ctrl C</kbd>} disabled={cell() === null} onClick={() => copy(cell(), say('layers.copy.cell'))}>{say('layers.copy.cell')}</Menu.Item>
        <Menu.Item rightSection={<kbd className="key">Ctrl ⇧ C</kbd>} disabled={row() === null} onClick={() => copy(row(), say('layers.copy.row'))}>{say('layers.copy.row')}</Menu.Item>
        <Menu.Item onClick={() => copy(table(), say('layers.copy.table'))}>{say('layers.copy.table')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
