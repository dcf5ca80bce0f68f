import { expect, test } from 'vitest'
import { z } from 'zod'
import { beginProject, changeProject, project } from '../../../renderer/project/project.ts'
import { keptJson, keptList, type Kept } from '../../../renderer/ui/kept.ts'
import { typedKey } from '../../../renderer/ui/typing.ts'
import { forgetOldest } from '../../../renderer/features/samples/thumbnails.ts'

test('what a browser kept is taken where it is of the shape, else what stands for nothing', () => {
  const shape = z.array(z.number())
  expect(keptJson('[1,2]', shape, [])).toEqual([1, 2])
  for (const text of [null, '', '{', '["1"]', 'null']) expect(keptJson(text, shape, [7]), String(text)).toEqual([7])
})

test('a kept list takes one of each name, in its place, and gives back what was forgotten', () => {
  let held: readonly { readonly name: string; readonly line: string }[] = []
  const kept: Kept<typeof held> = { get: () => held, set: (next) => { held = next }, use: () => held }
  const list = keptList(kept)
  for (const [name, line] of [['a', '1'], ['b', '2'], ['a', '3']] as const) list.save({ name, line })
  expect(held).toEqual([{ name: 'a', line: '3' }, { name: 'b', line: '2' }])
  const bringBack = list.forget('a')
  expect(held.map(({ name }) => name)).toEqual(['b'])
  bringBack()
  expect(held.map(({ name }) => name)).toEqual(['a', 'b'])
})

test('keys belong to the input method while it composes', () => {
  expect(typedKey({ key: 'Enter', nativeEvent: { isComposing: false } })).toBe('Enter')
  expect(typedKey({ key: 'Enter', nativeEvent: { isComposing: true } })).toBe('')
})

test('thumbnails that came first are forgotten first, those in sight never', () => {
  const known = new Map(Array.from({ length: 10 }, (_, file) => [file, file]))
  forgetOldest(known, new Set([0, 9]), 4)
  expect([...known.keys()]).toEqual([0, 7, 8, 9])
  const few = new Map([[1, 1], [2, 2]])
  forgetOldest(few, new Set([1, 2]), 1)
  expect(few.size).toBe(2)
})

test('another project begins with nothing of the one before', () => {
  changeProject({ recipe: { model: 'a.onnx' }, methods: ['max', 'mse'], ran: { id: 'r', recipe: {} } })
  beginProject({ recipe: { model: 'b.onnx' }, job: { id: 'j', recipe: {} } })
  expect(project()).toEqual({ recipe: { model: 'b.onnx' }, job: { id: 'j', recipe: {} }, ran: null })
  beginProject({ recipe: {} })
  expect(project()).toEqual({ recipe: {}, job: null, ran: null })
})
