import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { readerOf } from '../../../renderer/texts/engine-reader.ts'
import { engine } from '../../../renderer/texts/zh/engine.ts'
import { sentencesOf, type SourceSentence } from '../../fixtures/sentences.ts'
import { SILENT_FILES, SILENT_SENTENCES } from './engine-words-silent.ts'

const MAIN = join(import.meta.dirname, '../../../main')

/** Rooms and folders whose sentences are recorded in runs or shown by a view. */
const ROOMS = ['audit', 'boards', 'calibrate', 'calibrate/methods', 'compare', 'engine/jobs', 'onnx', 'quantize', 'quantize/refine', 'rewrite', 'runtime', 'samples', 'app', 'app/tune']

const read = readerOf(engine)

const sentences: readonly SourceSentence[] = ROOMS.flatMap((room) => readdirSync(join(MAIN, room))
  .filter((name) => name.endsWith('.ts') && !Object.hasOwn(SILENT_FILES, `${room}/${name}`))
  .flatMap((name) => sentencesOf(join(MAIN, room, name), `${room}/${name}`)))

/** Faults have titles and next steps of their own; of what they found only the frequent ones are known. */
const spoken = sentences.filter(({ inFault, text }) => !inFault && !Object.hasOwn(SILENT_SENTENCES, text))

const holesOf = (text: string): readonly string[] => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!).filter((name) => !name.startsWith('_')).toSorted()

test('the walk finds sentences in every room', () => {
  for (const room of ROOMS) expect(sentences.filter(({ place }) => place.startsWith(`${room}/`)).length, room).toBeGreaterThan(3)
  expect(spoken.length).toBeGreaterThan(400)
})

test('every sentence that the engine can write is known in Chinese', () => {
  expect(spoken.filter(({ text }) => read(text) === undefined).map(({ place, text }) => `${place} ${text}`)).toEqual([])
})

test('what is filled in stands in the Chinese sentence too', () => {
  const lost = spoken.filter(({ text }) => (text.match(/§\d+/g) ?? []).some((hole) => !(read(text) ?? hole).includes(hole) && !isGrammar(text, hole)))
  expect(lost.map(({ place, text }) => `${place} ${text} → ${read(text)}`)).toEqual([])
})

test('what the profiles of boards note on an operator is known too', () => {
  const folder = join(MAIN, '../resources/boards')
  const notes = readdirSync(folder).flatMap((name) => ((parse(readFileSync(join(folder, name), 'utf8')) as { operators: { note?: string }[] }).operators).flatMap(({ note }) => note ?? []))
  expect(notes.length).toBeGreaterThan(50)
  expect(notes.filter((note) => read(note) === undefined)).toEqual([])
})

test('no sentence that is let off is gone', () => {
  const known = new Set(sentences.map(({ text }) => text))
  expect(Object.keys(SILENT_SENTENCES).filter((text) => !known.has(text))).toEqual([])
})

test('a pattern has the same holes in both languages, and is Chinese', () => {
  const entries = Object.entries(engine)
  expect(entries.filter(([english, chinese]) => holesOf(english).join() !== holesOf(chinese).join())).toEqual([])
  expect(entries.filter(([english, chinese]) => !/\p{Script=Han}/u.test(chinese) && /[a-z]{3}/i.test(english.replaceAll(/\{\w+\}/g, '').replace('into', '')))).toEqual([])
})

/** A hole whose values are forms of English words only, each let off by name. */
function isGrammar(text: string, hole: string): boolean {
  return Object.keys(engine).some((english) => {
    const names = [...english.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!)
    let at = 0
    return names.some((name) => name.startsWith('_')) && english.replaceAll(/\{\w+\}/g, () => `§${at++}`) === text && names[Number(hole.slice(1))]?.startsWith('_') === true
  })
}

test('phrases inside of a sentence are known too; names, numbers and operators stay', () => {
  expect(read('nearest Resize ×2 of 3 channels becomes a grouped Conv and DepthToSpace')).toBe('3 通道的 ×2 最近邻 Resize 改为分组 Conv 与 DepthToSpace')
  expect(read("shares the scale of x; least expected squared error; times th_scale 0.9")).toBe('与 x 共用比例；期望平方误差最小；再乘以 th_scale 0.9')
  expect(read("Output 'y': picture (3 channels, not smaller than the input).")).toBe("输出 'y'：图像（3 个通道，不小于输入）。")
  expect(read('no convolution makes input; head pads with zeros, which the shift does not reach: its bias would be wrong along the borders (the padding trap); at an input of the graph it is what hoist-mean takes out'))
    .toBe('input 不是由卷积产生的；head 用零填充，偏移到不了这些零：边缘处的偏置会出错（填充陷阱）；在图的输入处，由 hoist-mean 取出')
  expect(read('Sub at the picture input goes into the weights of head, with a constant plane as a fourth channel that keeps its zero padding right'))
    .toBe('图片 input 处的 Sub 并入 head 的权重，并加一个常数平面作为第四通道，使零填充保持正确')
  expect(read('7 nodes in int8: 5 native, 2 unknown; 1 limit broken')).toBe('7 个节点（int8）：5 个原生，2 个未说明；超出 1 项限制')
})

test('what nobody knows is left as it was written', () => {
  expect(read('a sentence of tomorrow')).toBeUndefined()
  expect(read('conv_12')).toBeUndefined()
})
