import { useSyncExternalStore } from 'react'
import { EMPTY, projectFrom, withKey, type Project } from './project-text.ts'

export { recipeAt, type Project } from './project-text.ts'

// One project for each workspace: two servers may show different ones to the same browser.
let key: string | null = null
let current: Project = EMPTY
const listeners = new Set<() => void>()

/** Takes up what was left in this workspace. Called once, before anything is drawn. */
export function openProject(workspace: string): void {
  key = `scalewright.project ${workspace}`
  current = projectFrom(localStorage.getItem(key))
}

export const project = (): Project => current

export function changeProject(change: Partial<Project>): void {
  current = { ...current, ...change }
  if (key !== null) localStorage.setItem(key, JSON.stringify(current))
  for (const listener of listeners) listener()
}

/** Puts keys of the recipe, by path; undefined takes one away. `setRecipe(['samples', 'calibration', 'path'], 'calib')` */
export function setRecipe(path: readonly string[], value: unknown): void {
  changeProject({ recipe: withKey(current.recipe, path, value) })
}

/** Other tabs of the same browser tell what they changed. */
function onProject(listener: () => void): () => void {
  const onStorage = (event: StorageEvent): void => {
    if (event.key !== key) return
    current = projectFrom(event.newValue)
    listener()
  }
  listeners.add(listener)
  window.addEventListener('storage', onStorage)
  return () => {
    listeners.delete(listener)
    window.removeEventListener('storage', onStorage)
  }
}

export const useProject = (): Project => useSyncExternalStore(onProject, project)
