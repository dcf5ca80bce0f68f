import { Fault } from '../core/fault.ts'
import { didYouMean } from '../core/nearest.ts'
import { valueAt } from '../core/schema-facts.ts'
import { withChanges } from './changes.ts'
import type { PreprocessRecipe } from './recipe.ts'
import type { KeyPath, RecipeText } from './recipe-text.ts'

const PLACES: readonly KeyPath[] = [['samples', 'calibration', 'preprocess'], ['samples', 'evaluation', 'preprocess'], ['tune', 'samples', 'preprocess']]
const KEYS = ['resize_h', 'resize_w', 'crop_h', 'crop_w', 'mean_value', 'scale', 'bgr2rgb'] as const

/** The recipe with `preprocess` as text, where there is one, as keys. Throws `recipe.wrong-value` with its place. */
export function withGuidePreprocess(value: Record<string, unknown>, locate: RecipeText['locate']): Record<string, unknown> {
  const written = PLACES.flatMap((path) => {
    const text = valueAt(value, path)
    return typeof text === 'string' ? [{ path, value: guidePreprocess(text, path.join('.'), locate(path, 'value')), where: '' }] : []
  })
  return withChanges(value, written)
}

/**
 * What the BM1684 guide gives its calibration as cali_image_preprocess, such as
 * `resize_h=300,resize_w=300;mean_value=104:117:123,scale=0.017,bgr2rgb=False`: pictures as OpenCV reads and stretches them, blue
 * first unless bgr2rgb; then (pixel - mean_value) * scale, one value or one a channel in that order. Crops are central.
 */
export function guidePreprocess(text: string, key: string, where: string): PreprocessRecipe {
  const refuse = (what: string, next: string | undefined): never => { throw new Fault({ code: 'recipe.wrong-value', where, what: `\`${key}\`: ${what}`, next: next ?? 'Such as resize_h=300,resize_w=300;mean_value=104:117:123,scale=0.017,bgr2rgb=True.' }) }
  const given = new Map<string, string>()
  for (const part of text.split(/[;,]/).map((each) => each.trim()).filter(Boolean)) {
    const [, name = part, value] = /^(\w+)\s*=\s*(\S+)$/.exec(part) ?? []
    if (value === undefined || given.has(name)) refuse(`«${part}» is not a name and its value, once`, undefined)
    if (!(KEYS as readonly string[]).includes(name)) refuse(`«${name}» is not known here`, didYouMean(name, KEYS))
    given.set(name, value!)
  }
  const numbers = (name: string): number[] => {
    const values = (given.get(name) ?? '').split(':').filter(Boolean).map(Number)
    if (!values.every(Number.isFinite) || (given.has(name) && values.length !== 1 && values.length !== 3)) refuse(`\`${name}\` takes one number, or three with colons between`, undefined)
    return values.length === 1 ? [values[0]!, values[0]!, values[0]!] : values
  }
  const size = (kind: 'resize' | 'crop'): readonly [number, number] | undefined => {
    const sides = ['h', 'w'].map((side) => given.get(`${kind}_${side}`))
    if (sides.every((side) => side === undefined)) return undefined
    if (!sides.every((side) => side !== undefined && /^[1-9]\d{0,4}$/.test(side))) refuse(`\`${kind}_h\` and \`${kind}_w\` are whole numbers, both given`, undefined)
    return sides.map(Number) as unknown as readonly [number, number]
  }
  const [mean, scale, resize, crop] = [numbers('mean_value'), numbers('scale'), size('resize'), size('crop')]
  if (!/^(?:true|false)$/i.test(given.get('bgr2rgb') ?? 'False')) refuse('`bgr2rgb` is True or False', undefined)
  return {
    color: /^true$/i.test(given.get('bgr2rgb') ?? '') ? 'rgb' : 'bgr', range: [0, 255], mean: mean.length > 0 ? mean : [0, 0, 0], scale: scale.length > 0 ? scale : [1, 1, 1],
    ...(resize ? { resize: { mode: 'stretch', size: resize, kernel: 'opencv-linear' } } : {}), ...(crop ? { crop: { mode: 'center', size: crop } } : {}),
  }
}
