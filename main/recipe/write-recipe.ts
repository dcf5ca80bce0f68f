import { isAbsolute, relative, sep } from 'node:path'
import { Document, isScalar, visit } from 'yaml'
import type { Recipe } from './recipe.ts'
import { RECIPE_SCHEMA } from './schema.ts'

/**
 * A recipe as YAML, keys in the order of the schema, lists of numbers on one line: equal recipes give equal text.
 * With `folder`, paths at or below it are written relative to it.
 */
export function writeRecipe(recipe: Recipe, folder?: string): string {
  const ordered = RECIPE_SCHEMA.parse(folder === undefined ? recipe : withRelativePaths(recipe, folder))
  const document = new Document(JSON.parse(JSON.stringify(ordered)))
  visit(document, {
    Seq: (_key, node) => {
      node.flow = node.items.every(isScalar)
    },
    Map: (_key, node) => {
      if (node.items.length === 0) node.flow = true
    },
  })
  return document.toString({ lineWidth: 0 })
}

function withRelativePaths(recipe: Recipe, folder: string): Recipe {
  const short = (path: string): string => {
    const inside = relative(folder, path)
    if (inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) return path
    return inside === '' ? '.' : inside.split(sep).join('/')
  }
  const { calibration, evaluation } = recipe.samples
  return {
    ...recipe,
    model: short(recipe.model),
    ...(recipe.workspace === undefined ? {} : { workspace: short(recipe.workspace) }),
    samples: {
      ...(calibration && { calibration: { ...calibration, path: short(calibration.path) } }),
      ...(evaluation && {
        evaluation: {
          ...evaluation,
          path: short(evaluation.path),
          ...(typeof evaluation.reference === 'string' ? { reference: short(evaluation.reference) } : {}),
        },
      }),
    },
  }
}
