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

export const changeProject = (change: Partial<Project>): void => put({ ...current, ...change })

/** Puts the project that is worked on aside for another one: nothing of it stays. */
export const beginProject = (begun: Pick<Project, 'recipe'> & Partial<Pick<Project, 'job' | 'ran'>>): void => put({ ...EMPTY, ...begun })

function put(next: Project): void {
  current = next
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
