import { Fault } from '../core/fault.ts'
import { didYouMean } from '../core/nearest.ts'
import type { z } from 'zod'
import type { KeyPath, RecipeText } from './recipe-text.ts'
import { RECIPE_SCHEMA } from './schema.ts'
import { allowedBy, keysAt, shown, tellingIssue, valueAt } from '../core/schema-facts.ts'

/** What the check refused, as one fault that names the place and says what may stand there. */
export function recipeFault(error: z.ZodError, text: RecipeText): Fault {
  const { issue, path } = tellingIssue(error.issues)
  if (issue.code === 'unrecognized_keys') return unknownKeyFault(path, issue.keys[0]!, text)
  const key = path.join('.')
  const value = valueAt(text.value, path)
  if (value === undefined) return missingKeyFault(path, text)
  return new Fault({
    code: 'recipe.wrong-value',
    what: key === '' ? `a recipe is made of keys, not of ${shown(value)}` : `\`${key}\` cannot be ${shown(value)}`,
    where: text.locate(path, 'value'),
    next: key === '' ? 'Begin with `model: path.onnx`.' : `It takes ${allowedBy(issue)}.`,
  })
}

function unknownKeyFault(path: KeyPath, key: string, text: RecipeText): Fault {
  const inside = path.length === 0 ? 'the recipe' : `\`${path.join('.')}\``
  return new Fault({
    code: 'recipe.unknown-key',
    what: `${inside} has no key «${key}»`,
    where: text.locate([...path, key], 'key'),
    next: didYouMean(key, keysAt(RECIPE_SCHEMA, path)),
  })
}

function missingKeyFault(path: KeyPath, text: RecipeText): Fault {
  const key = path.join('.')
  return new Fault({
    code: 'recipe.missing-key',
    what: `\`${key}\` is missing`,
    where: text.locate(path, 'key'),
    next: key === 'model' ? 'Add `model: path.onnx`.' : `Add \`${path.at(-1)}\` there.`,
  })
}
