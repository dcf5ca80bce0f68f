import { useCall } from '../client.ts'
import { useSay } from '../texts/texts.ts'

/** Why nothing can be written through this door; undefined where it can. Unknown counts as it can: the call itself would say. */
export function useWhyNot(): string | undefined {
  const say = useSay()
  const writable = useCall('app.info', {}).data?.writable ?? true
  return writable ? undefined : say('home.read-only')
}
