import { useMemo } from 'react'
import { useSay } from '../../../texts/texts.ts'

/** What React Flow writes for who does not see the graph; its own words are English, and speak of keys that do nothing here. */
export function useFlowWords() {
  const say = useSay()
  return useMemo(() => {
    const node = say('model.graph.node')
    return { 'node.a11yDescription.default': node, 'node.a11yDescription.keyboardDisabled': node, 'edge.a11yDescription.default': say('model.graph.edge'), 'minimap.ariaLabel': say('model.graph.map') }
  }, [say])
}
