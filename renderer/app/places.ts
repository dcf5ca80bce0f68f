/** The places of the workbench in the order of the work, each with the letter that follows G. */
export const PLACES = [
  { name: 'home', letter: 'h' },
  { name: 'model', letter: 'm' },
  { name: 'samples', letter: 's' },
  { name: 'calibrate', letter: 'c' },
  { name: 'layers', letter: 'l' },
  { name: 'compare', letter: 'p' },
  { name: 'rewrite', letter: 'w' },
  { name: 'tune', letter: 't' },
  { name: 'export', letter: 'e' },
  { name: 'history', letter: 'r' },
  { name: 'jobs', letter: 'j' },
] as const
export type PlaceName = (typeof PLACES)[number]['name']

/** Where a place is. Layers and compare are screens of a run: the project's, where it has one. */
export function placeTo(name: PlaceName, run: string | null): string {
  if (name === 'home') return '/'
  return (name === 'layers' || name === 'compare') && run !== null ? `/run/${run}/${name}` : `/${name}`
}

/** The place that an address belongs to. */
export function placeOfPath(path: string): PlaceName | undefined {
  const [first = '', , last] = path.split('/').slice(1)
  if (first === '') return 'home'
  if (first === 'run') return last === 'layers' || last === 'compare' ? last : 'history'
  if (first === 'diff') return 'history'
  return PLACES.find(({ name }) => name === first)?.name
}
