/** A line of two texts put beside each other, or how many equal ones are left out. */
export type DiffLine =
  | { readonly kind: 'same' | 'gone' | 'new'; readonly text: string }
  | { readonly kind: 'skipped'; readonly count: number }

/** Equal lines that are shown around a change. */
const CONTEXT = 3
/** Cells of the table of common lines; beyond it what lies between the equal ends counts as replaced. */
const MOST_CELLS = 4_000_000

/** What changed from one text to another, line by line: a longest common subsequence between their equal ends. */
export function diffLines(before: string, after: string): readonly DiffLine[] {
  const [old, now] = [before.split('\n'), after.split('\n')]
  let head = 0
  while (head < old.length && head < now.length && old[head] === now[head]) head += 1
  let tail = 0
  while (tail < old.length - head && tail < now.length - head && old[old.length - 1 - tail] === now[now.length - 1 - tail]) tail += 1
  const middle = between(old.slice(head, old.length - tail), now.slice(head, now.length - tail))
  const same = (lines: readonly string[]): DiffLine[] => lines.map((text) => ({ kind: 'same', text }))
  return folded([...same(old.slice(0, head)), ...middle, ...same(old.slice(old.length - tail))])
}

function between(old: readonly string[], now: readonly string[]): DiffLine[] {
  const gone = (text: string): DiffLine => ({ kind: 'gone', text })
  const added = (text: string): DiffLine => ({ kind: 'new', text })
  if (old.length * now.length > MOST_CELLS) return [...old.map(gone), ...now.map(added)]
  const width = now.length + 1
  const common = new Uint32Array((old.length + 1) * width)
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = now.length - 1; j >= 0; j--) common[i * width + j] = old[i] === now[j] ? common[(i + 1) * width + j + 1]! + 1 : Math.max(common[(i + 1) * width + j]!, common[i * width + j + 1]!)
  }
  const lines: DiffLine[] = []
  let [i, j] = [0, 0]
  while (i < old.length || j < now.length) {
    if (i < old.length && j < now.length && old[i] === now[j]) {
      lines.push({ kind: 'same', text: old[i]! })
      i += 1
      j += 1
    } else if (j >= now.length || (i < old.length && common[(i + 1) * width + j]! >= common[i * width + j + 1]!)) {
      lines.push(gone(old[i]!))
      i += 1
    } else {
      lines.push(added(now[j]!))
      j += 1
    }
  }
  return lines
}

/** Equal lines far from any change become one line that counts them. */
function folded(lines: readonly DiffLine[]): readonly DiffLine[] {
  const near = lines.map((_line, at) => lines.slice(Math.max(0, at - CONTEXT), at + CONTEXT + 1).some(({ kind }) => kind !== 'same'))
  const shown: DiffLine[] = []
  let count = 0
  for (const [at, line] of lines.entries()) {
    if (!near[at]) count += 1
    if (near[at] || at === lines.length - 1) {
      if (count > 0) shown.push({ kind: 'skipped', count })
      count = 0
    }
    if (near[at]) shown.push(line)
  }
  return shown
}
