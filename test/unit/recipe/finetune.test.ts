import { describe, expect, it } from 'vitest'
import { recipeFromText } from '../../../main/recipe/read-recipe.ts'
import { writeRecipe } from '../../../main/recipe/write-recipe.ts'

const read = (finetune: string) => recipeFromText(`model: m.onnx\nquantize:\n  finetune: ${finetune}\n`, '/work')

describe('quantize.finetune', () => {
  it('is absent unless it is asked for, and complete when it is', () => {
    expect(recipeFromText('model: m.onnx\n', '/work').quantize.finetune).toBeUndefined()
    expect(read('{}').quantize.finetune).toEqual({ steps: 400, batch: 4, rate: 1e-4, crop: 64, holdBack: 0.25, every: 20 })
    expect(read('{ steps: 100, scaleRate: 0 }').quantize.finetune).toMatchObject({ steps: 100, scaleRate: 0, batch: 4 })
  })

  it('comes back from the recipe that is written', () => {
    const recipe = read('{ steps: 12, crop: 32 }')
    expect(recipeFromText(writeRecipe(recipe), '/work').quantize.finetune).toEqual(recipe.quantize.finetune)
  })

  it.each(['{ steps: 0 }', '{ batch: 1.5 }', '{ rate: 0 }', '{ rate: 2 }', '{ scaleRate: -1 }', '{ holdBack: 1 }', '{ holdBack: 0 }', '{ crop: 4 }', '{ epochs: 3 }'])('refuses %s with the line', (finetune) => {
    expect(() => read(finetune)).toThrow(expect.objectContaining({ where: expect.stringMatching(/:3:\d+$/) as string }))
  })
})
