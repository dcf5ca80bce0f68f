import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useDeferredValue, useMemo } from 'react'
import { call, useCall, type FaultData, type RecipeJson } from '../../client.ts'
import { recipeAt, setRecipe, useProject, type Project } from '../../project/project.ts'
import { linedJson, startsWith, type KeyPath } from './draft.ts'

export interface Draft {
  readonly project: Project
  readonly recipe: RecipeJson
  /** What stands where the recipe says nothing; undefined until that is known. */
  readonly defaults: RecipeJson | undefined
  /** The recipe as it would be run: its text and every key; null while it is wrong. */
  readonly whole: { readonly text: string; readonly recipe: RecipeJson } | null
  /** What is wrong with it, and at which key. */
  readonly wrong: { readonly fault: FaultData; readonly path: KeyPath } | null
  at(path: KeyPath): unknown
  isChanged(path: KeyPath): boolean
  /** The fault, where it is of this key or of one inside it. */
  faultAt(path: KeyPath): FaultData | undefined
  set(path: KeyPath, value: unknown): void
}

/** The recipe that is being prepared, checked as it is typed. */
export function useDraft(): Draft {
  const project = useProject()
  const { recipe } = project
  const shown = useDeferredValue(recipe)
  const lined = useMemo(() => linedJson(shown), [shown])
  const { data } = useQuery({
    queryKey: ['recipe.check', { text: lined.text }], queryFn: ({ signal }) => call('recipe.check', { text: lined.text }, signal), placeholderData: keepPreviousData,
  })
  const known = useCall('recipe.check', { text: 'model: model.onnx' }).data
  const defaults = known?.ok === true ? known.recipe : undefined
  const wrong = data?.ok === false ? { fault: data.fault, path: data.line === null ? [] : lined.pathAt(data.line) } : null
  return {
    project, recipe, defaults, wrong,
    whole: data?.ok === true ? { text: data.text, recipe: data.recipe } : null,
    at: (path) => recipeAt(recipe, path) ?? (defaults && recipeAt(defaults, path)),
    isChanged(path) {
      const value = recipeAt(recipe, path)
      return defaults !== undefined && value !== undefined && JSON.stringify(value) !== JSON.stringify(recipeAt(defaults, path))
    },
    faultAt: (path) => (wrong !== null && startsWith(wrong.path, path) ? wrong.fault : undefined),
    set: (path, value) => setRecipe(path, value),
  }
}
