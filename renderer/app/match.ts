export interface Command {
  readonly id: string
  readonly name: string
  readonly hint?: string
  /** More words that it is found by. */
  readonly also?: string
  readonly act: () => void
}

/** How well letters, in their order, stand in a text: a whole piece before a beginning of words before scattered letters; null: not at all. */
function rank(text: string, letters: string): number | null {
  const at = text.indexOf(letters)
  if (at >= 0) return at === 0 || text[at - 1] === ' ' ? 0 : 1
  let from = 0
  for (const letter of letters) {
    from = text.indexOf(letter, from) + 1
    if (from === 0) return null
  }
  return 2
}

/** Commands that fit what was typed, the best first; all of them for nothing. */
export function matching<T extends Pick<Command, 'name' | 'also'>>(commands: readonly T[], typed: string): T[] {
  const letters = typed.trim().toLowerCase()
  if (letters === '') return [...commands]
  return commands
    .map((command) => ({ command, rank: rank(command.name.toLowerCase(), letters) ?? (command.also?.toLowerCase().includes(letters) ? 3 : null) }))
    .filter((each): each is { command: T; rank: number } => each.rank !== null)
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ command }) => command)
}
