import { expect, test } from 'vitest'
import { instructionsOf, workspaceName } from '../../../renderer/app/names.ts'
import { matching } from '../../../renderer/app/match.ts'
import { settingsFrom } from '../../../renderer/app/settings-text.ts'
import { commandOf } from '../../../renderer/features/run/command.ts'
import { worstLayers } from '../../../renderer/features/run/layer-rows.ts'
import { nextActive } from '../../../renderer/ui/next-active.ts'
import { plainText, spanOf } from '../../../renderer/ui/scale-text.ts'
import { changed } from '../../../renderer/ui/search.ts'
import { centred, fitted, pixelAt, zoomed } from '../../../renderer/ui/view.ts'

test('settings that were remembered, and what stands for those that were not', () => {
  expect(settingsFrom('{"theme":"light","language":"zh","letters":false}', 'en')).toEqual({ theme: 'light', language: 'zh', letters: false })
  expect(settingsFrom('{"theme":"pink"}', 'zh-CN')).toEqual({ theme: 'system', language: 'zh', letters: true })
  for (const text of [null, '', 'null', '{', '[]']) expect(settingsFrom(text, 'de')).toEqual({ theme: 'system', language: 'en', letters: true })
})

test('the palette: beginnings of words before the middle before scattered letters before other names', () => {
  const commands = [{ name: 'a history' }, { name: 'whist' }, { name: 'h i s' }, { name: 'x', also: 'his' }, { name: 'none' }]
  expect(matching(commands, ' HIS ').map(({ name }) => name)).toEqual(['a history', 'whist', 'h i s', 'x'])
  expect(matching(commands, '')).toHaveLength(5)
})

test('keys in a table', () => {
  expect(['ArrowDown', 'ArrowUp', 'PageDown', 'End', 'Home'].map((key) => nextActive(key, 3, 10, 5))).toEqual([4, 2, 8, 9, 0])
  expect([nextActive('ArrowDown', -1, 10, 5), nextActive('ArrowDown', 9, 10, 5), nextActive('ArrowUp', -1, 10, 5), nextActive('End', 0, 0, 5), nextActive('x', 0, 5, 5)]).toEqual([0, 9, 0, null, null])
})

test('a picture: fitted at whole multiples, zoomed about a point, probed', () => {
  expect(fitted({ width: 100, height: 50 }, { width: 350, height: 350 })).toEqual({ scale: 3, x: 25, y: 100 })
  expect(fitted({ width: 200, height: 100 }, { width: 100, height: 100 })).toEqual({ scale: 0.5, x: 0, y: 25 })
  const view = centred({ width: 10, height: 10 }, { width: 40, height: 40 }, 2)
  const at = { x: 20, y: 15 }
  expect(pixelAt(view, { width: 10, height: 10 }, at)).toEqual({ x: 5, y: 2 })
  expect(pixelAt(zoomed(view, 4, at), { width: 10, height: 10 }, at)).toEqual({ x: 5, y: 2 })
  expect(pixelAt(view, { width: 10, height: 10 }, { x: 5, y: 15 })).toBeNull()
  expect(zoomed(view, 1e9, at).scale).toBe(64)
})

test('layers: the worst first, accumulated where that is known', () => {
  const layer = (tensor: string, mode: 'accumulated' | 'alone', sqnrDb: number) => ({ tensor, node: tensor, op: 'Conv', mode, sqnrDb, cosine: 1, mse: 0, maxAbs: 0, clippedPercent: 0 })
  const layers = [layer('a', 'accumulated', 30), layer('b', 'accumulated', 20), layer('a', 'alone', 5)]
  expect(worstLayers(layers, 1).map(({ tensor }) => tensor)).toEqual(['b'])
  expect(worstLayers([layer('a', 'alone', 5)], 3)).toHaveLength(1)
})

test('the same in a terminal', () => {
  expect(commandOf({ verb: 'demo', run: 'X' }, '/a/b')).toBe('npx scalewright demo --workspace /a/b')
  expect(commandOf({ verb: 'run', run: 'X' }, "/a b/it's")).toBe(String.raw`npx scalewright run recipe.yaml --workspace '/a b/it'\''s'`)
  expect(commandOf({ verb: 'compare', run: 'X' }, '/a')).toBe('npx scalewright compare X --workspace /a')
})

test('small texts', () => {
  expect([spanOf([]), spanOf([1]), spanOf([0.5, 0.25, 0.5])]).toEqual(['', '1', '0.250 … 0.500'])
  expect([plainText(undefined), plainText('x'), plainText(24.944654), plainText([1, 2])]).toEqual(['–', 'x', '24.945', '[1,2]'])
  expect(changed(new URLSearchParams('a=1&b=2'), { a: '', c: '3' }).toString()).toBe('b=2&c=3')
  expect([instructionsOf('Xeon (avx2 avx512f avx512_vnni)'), instructionsOf('Xeon (avx avx2)'), instructionsOf('Xeon')]).toEqual(['AVX-512 VNNI', 'AVX2', ''])
  expect([workspaceName('/data/net/.scalewright'), workspaceName('/data/space')]).toEqual(['net', 'space'])
})
