import { useSyncExternalStore } from 'react'
import { call, type RecipeJson } from '../../client.ts'
import { changeProject, project, recipeAt, setRecipe } from '../../project/project.ts'

interface Edit {
  readonly before: unknown
  readonly after: unknown
}

interface Log {
  readonly edits: readonly Edit[]
  readonly done: number
}

const NONE: Log = { edits: [], done: 0 }

// Of this window: it holds while one walks between screens.
let log: Log = NONE
const listeners = new Set<() => void>()

function put(next: Log): void {
  log = next
  for (const listener of listeners) listener()
}

const listen = (listener: () => void): (() => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)
const quantize = (): unknown => recipeAt(project().recipe, ['quantize'])

/** Puts one key below `quantize` of the project's recipe; undefined takes it away. */
export function setQuantize(path: readonly string[], value: unknown): void {
  const before = quantize()
  setRecipe(['quantize', ...path], value)
  const after = quantize()
  if (!same(before, after)) put({ edits: [...known(before).slice(0, log.done), { before, after }], done: log.done + 1 })
}

/** Edits count while nothing else changed the recipe: another screen's change must not be lost by an undo here. */
function known(now: unknown): readonly Edit[] {
  const last = log.edits[log.done - 1]
  const next = log.edits[log.done]
  if ((last !== undefined && !same(last.after, now)) || (next !== undefined && !same(next.before, now))) put(NONE)
  return log.edits
}

export function undo(): void {
  const edit = known(quantize())[log.done - 1]
  if (edit === undefined) return
  setRecipe(['quantize'], edit.before)
  put({ ...log, done: log.done - 1 })
}

export function redo(): void {
  const edit = known(quantize())[log.done]
  if (edit === undefined) return
  setRecipe(['quantize'], edit.after)
  put({ ...log, done: log.done + 1 })
}

export function useRecipeLog(): { readonly canUndo: boolean; readonly canRedo: boolean } {
  const { edits, done } = useSyncExternalStore(listen, () => log)
  return { canUndo: done > 0, canRedo: done < edits.length }
}

/** Makes settings (as after `--set`) part of the project's recipe; gives what takes them back. Throws the fault of a recipe that they make wrong. */
export async function takeSettings(settings: readonly string[]): Promise<() => void> {
  const { recipe } = project()
  const checked = await call('recipe.check', { text: JSON.stringify(recipe), set: [...settings] })
  if (!checked.ok) throw checked.fault
  const parts = new Set(settings.map((setting) => /^[^.=]+/.exec(setting)?.[0] ?? ''))
  const changed: RecipeJson = { ...recipe, ...Object.fromEntries([...parts].filter((part) => Object.hasOwn(checked.recipe, part)).map((part) => [part, checked.recipe[part]])) }
  changeProject({ recipe: changed })
  return () => changeProject({ recipe })
}
