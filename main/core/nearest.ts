import { distance } from 'fastest-levenshtein'

/** The `count` candidates nearest to `word` by edit distance, nearest first; ties in their given order. */
export function nearest(word: string, candidates: Iterable<string>, count = 3): string[] {
  const wanted = word.toLowerCase()
  return [...new Set(candidates)]
    .map((name) => ({ name, far: distance(wanted, name.toLowerCase()) }))
    .toSorted((a, b) => a.far - b.far)
    .slice(0, count)
    .map(({ name }) => name)
}

/** A sentence for a fault's `next`: "Did you mean a, b or c?" */
export function didYouMean(word: string, candidates: Iterable<string>): string | undefined {
  const names = nearest(word, candidates)
  if (names.length === 0) return undefined
  const last = names.pop()!
  return names.length === 0 ? `Did you mean ${last}?` : `Did you mean ${names.join(', ')} or ${last}?`
}

/** Pairs of names that may mean the same: nearest first, each name once, only where less than half of the letters differ. */
export function nearestPairs(wanted: readonly string[], candidates: readonly string[]): { readonly wanted: string; readonly candidate: string }[] {
  const near = wanted.flatMap((word) => nearest(word, candidates, 3).map((candidate) => ({ wanted: word, candidate, far: distance(word, candidate) })))
    .filter(({ wanted: word, candidate, far }) => far < Math.max(word.length, candidate.length) / 2)
    .toSorted((a, b) => a.far - b.far)
  const [taken, given] = [new Set<string>(), new Set<string>()]
  return near.flatMap(({ wanted: word, candidate }) => {
    if (taken.has(word) || given.has(candidate)) return []
    taken.add(word)
    given.add(candidate)
    return [{ wanted: word, candidate }]
  })
}
