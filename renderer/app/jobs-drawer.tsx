import { Drawer } from '@mantine/core'
import { useSay } from '../texts/texts.ts'
import { JobList } from './job-list.tsx'

/** The queue, beside any screen. */
export function JobsDrawer({ opened, onClose }: { readonly opened: boolean; readonly onClose: () => void }) {
  const say = useSay()
  return (
    <Drawer
      opened={opened} onClose={onClose} position="right" size={520} title={say('jobs')} lockScroll={false} transitionProps={{ duration: 0 }}
      closeButtonProps={{ 'aria-label': say('close') }}
    >
      <JobList onLeave={onClose} />
    </Drawer>
  )
}
