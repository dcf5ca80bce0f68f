import { boardNamed, boardNames } from '../../boards/read-profile.ts'

export interface BoardsInput {
  /** Absolute folder whose profiles win over the built-in ones. */
  readonly workspace?: string
  /** One that must be there and right; absent: the names alone. */
  readonly check?: string
}

/** Names of every board that may be asked for. Throws `input.unknown-board` and `input.board-*` for the one that is checked. */
export async function boardsJob({ workspace, check }: BoardsInput): Promise<{ readonly names: readonly string[] }> {
  if (check !== undefined) await boardNamed(check, { workspace })
  return { names: await boardNames({ workspace }) }
}
