import { Popover } from '@mantine/core'
import { IconColumns3 } from '@tabler/icons-react'
import { memo } from 'react'
import { useSay } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { chosenColumns, toggleColumn } from './column-choice.ts'
import { runColumns } from './run-columns.tsx'

/** Which columns the table shows. */
export const ColumnMenu = memo(function ColumnMenu() {
  const say = useSay()
  const chosen = chosenColumns.use()
  return (
    <Popover position="bottom-end" shadow="md" withinPortal trapFocus returnFocus transitionProps={{ duration: 0 }}>
      <Popover.Target><Button tone="quiet"><IconColumns3 size={15} aria-hidden /> {say('history.columns')}</Button></Popover.Target>
      <Popover.Dropdown className="column-menu" aria-label={say('history.columns')}>
        {runColumns(say).filter(({ id }) => id !== 'run').map(({ id, title }) => (
          <label key={id} className="column-line"><input type="checkbox" checked={chosen.includes(id)} onChange={() => toggleColumn(id)} /> {title}</label>
        ))}
        <Button tone="quiet" onClick={() => toggleColumn(null)}>{say('history.columns.first')}</Button>
      </Popover.Dropdown>
    </Popover>
  )
})
