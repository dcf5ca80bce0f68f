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
