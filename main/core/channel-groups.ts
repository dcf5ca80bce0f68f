/** Another group must save this share of what is left (ALGORITHMS 5.5). */
const LEAST_GAIN = 0.1

/**
 * Groups of channels of like magnitude: `ranges` sorted descending, cut so that Σ n_g · R_g² is least, R_g the largest range of group g
 * (dynamic programming, ALGORITHMS 5.5). At most `most` groups; one more is only made where it saves a tenth. Gives the group of each
 * channel; 0 holds the largest.
 */
export function channelGroups(ranges: readonly number[], most: number): number[] {
  const order = ranges.map((_, channel) => channel).toSorted((a, b) => ranges[b]! - ranges[a]! || a - b)
  const sorted = order.map((channel) => ranges[channel]!)
  const cuts = bestCuts(sorted, Math.min(most, sorted.length))
  const place = new Map(order.map((channel, at) => [channel, at]))
  return ranges.map((_, channel) => cuts.filter((cut) => cut <= place.get(channel)!).length)
}

/** First places of the groups behind the first one. */
function bestCuts(sorted: readonly number[], most: number): readonly number[] {
  const count = sorted.length
  // cost[i]: of the first i channels in the groups so far; from[g][i]: where the last of g + 1 groups begins.
  let cost = Array.from({ length: count + 1 }, (_, i) => (i === 0 ? 0 : i * sorted[0]! ** 2))
  const from: number[][] = []
  let cuts: readonly number[] = []
  for (let groups = 2; groups <= most; groups++) {
    const before = cost
    const begins = before.map(() => 0)
    cost = before.map((_, i) => {
      let least = before[i]!
      begins[i] = -1
      for (let j = 1; j < i; j++) {
        const one = before[j]! + (i - j) * sorted[j]! ** 2
        if (one < least) [least, begins[i]] = [one, j]
      }
      return least
    })
    from.push(begins)
    if (!(cost[count]! < (1 - LEAST_GAIN) * before[count]!)) break
    cuts = traced(from, count)
  }
  return cuts
}

function traced(from: readonly (readonly number[])[], count: number): number[] {
  const cuts: number[] = []
  let end = count
  for (const begins of from.toReversed()) {
    const begin = begins[end]!
    if (begin < 0) continue
    cuts.unshift(begin)
    end = begin
  }
  return cuts
}

/** The largest scale of each group, for every channel of it. */
export function groupedScales(scales: readonly number[], most: number): { readonly scale: readonly number[]; readonly groups: number } {
  const groups = channelGroups(scales, most)
  const largest = new Map<number, number>()
  for (const [channel, group] of groups.entries()) largest.set(group, Math.max(largest.get(group) ?? 0, scales[channel]!))
  return { scale: groups.map((group) => largest.get(group)!), groups: largest.size }
}
