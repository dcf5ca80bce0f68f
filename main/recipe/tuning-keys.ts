import type { Recipe } from './recipe.ts'

/** Settings that look at samples again once the scales stand, as after `--set`. */
export function tuningKeys({ quantize }: Pick<Recipe, 'quantize'>): string[] {
  const { weights, bias, finetune, layers } = quantize
  return [
    ...(finetune === undefined ? [] : ['quantize.finetune']),
    ...(weights.scale === 'search' ? ['quantize.weights.scale=search'] : []),
    ...(weights.rounding !== undefined && weights.rounding !== 'nearest' ? [`quantize.weights.rounding=${weights.rounding}`] : []),
    ...Object.entries(layers).flatMap(([line, { rounding }]) => (rounding === undefined || rounding === 'nearest' ? [] : [`quantize.layers.${line}.rounding=${rounding}`])),
    ...(bias.correction !== undefined && bias.correction !== 'off' ? [`quantize.bias.correction=${bias.correction}`] : []),
  ]
}
