import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { factsOf } from '../../../main/boards/profile.ts'
import { boardNamed, boardNames, profileFromText } from '../../../main/boards/read-profile.ts'
import { temporaryFolder } from '../../fixtures/temporary-folder.ts'
import { faultOf } from '../../fixtures/thrown-fault.ts'

const BUILT_IN = ['horizon-j5', 'horizon-j6', 'horizon-x5', 'mobile-npu', 'openvino-cpu', 'ort-cpu', 'qnn-htp', 'rknn-rk3588', 'sophon-bm1684', 'sophon-bm1684x', 'sophon-cv18xx', 'tensorrt', 'tflite']

describe('built-in profiles', () => {
  it('are these', async () => {
    expect(await boardNames()).toEqual(BUILT_IN)
  })

  it.each(BUILT_IN)('%s is valid, does not contradict itself, and every fact has a source that exists and is used', async (name) => {
    const profile = await boardNamed(name)
    expect(profile).toMatchObject({ name, origin: 'built-in' })
    const facts = factsOf(profile)
    for (const { path, fact } of facts) expect(fact.is === 'unknown' ? fact.source : typeof fact.source, path).toBe(fact.is === 'unknown' ? null : 'string')
    for (const { ops, states, source } of profile.operators) if (Object.values(states).some((state) => state !== 'unknown')) expect(source, ops.join()).not.toBeNull()
    const used = new Set([...facts.map(({ fact }) => fact.source), ...profile.operators.map(({ source }) => source)])
    expect(Object.keys(profile.sources).filter((id) => !used.has(id))).toEqual([])
  })

  it('know what is stated of the J6 and call the rest unknown', async () => {
    const { output, limits, weights } = await boardNamed('horizon-j6')
    expect(output).toMatchObject({ highPrecision: { is: true, source: 'report' }, layout: { is: 'nhwc' }, transposeAdded: { is: true }, transparent: ['Identity'] })
    expect(output.computing).toEqual(['Conv', 'ConvTranspose', 'Gemm', 'MatMul'])
    expect(limits.memoryBytes).toEqual({ is: 'unknown', source: null })
    expect(weights.granularity.is).toBe('unknown')
  })
})

const HEAD = `name: mine
title: My board
vendor: Me
toolchain: [one]
sources:
  book: { document: A book, page: 12 of it }
`
const mine = (rest: string) => faultOf(() => profileFromText(HEAD + rest, 'boards/mine.yaml'))
const RULES = 'operators:\n  - { ops: Conv, int8: native, source: book }\n'

describe('a profile of one’s own', () => {
  it('wins over the built-in one of its name, and its fault names file, line and column', async () => {
    const workspace = temporaryFolder()
    mkdirSync(join(workspace, 'boards'))
    const file = join(workspace, 'boards', 'horizon-j6.yaml')
    writeFileSync(file, HEAD.replace('mine', 'horizon-j6') + RULES)
    expect(await boardNamed('horizon-j6', { workspace })).toMatchObject({ title: 'My board', origin: file })
    expect(await boardNamed('horizon-j6')).toMatchObject({ title: 'Horizon Journey 6' })
    writeFileSync(file, HEAD.replace('mine', 'horizon-j6') + 'operators:\n  - { ops: Conv, int8: natve, source: book }\n')
    await expect(boardNamed('horizon-j6', { workspace })).rejects.toMatchObject({ code: 'input.board-wrong-value', where: `${file}:8:24`, next: expect.stringMatching(/native/) as string })
    writeFileSync(join(workspace, 'boards', 'mine.yaml'), HEAD + RULES)
    expect(await boardNames({ workspace })).toContain('mine')
  })

  it('that is not there is answered with the nearest names', async () => {
    await expect(boardNamed('horizon-6')).rejects.toMatchObject({ code: 'input.unknown-board', next: expect.stringMatching(/horizon-j6/) as string })
  })

  it.each([
    ['operators:\n  - { ops: Conv, kernle: 3, int8: native, source: book }\n', 'input.board-unknown-key', '8:18', /when|source/],
    [`${RULES}limts: {}\n`, 'input.board-unknown-key', '9:1', /limits/],
    ['operators:\n  - { ops: Conv, when: { kernel: 7..1 }, int8: native, source: book }\n', 'input.board-wrong-value', '8:34', /without an upper end/],
    ['operators:\n  - { ops: Conv, int8: native, source: bock }\n', 'input.board-source', '8:40', /book/],
    ['operators:\n  - { ops: Conv, int8: native }\n', 'input.board-source', '8:5', /source/],
    [`${RULES}limits:\n  opset: { is: 1..9, source: nowhere }\n`, 'input.board-source', '10:30', /book/],
    [`${RULES}: : :`, 'input.board-syntax', '9:3', /line/],
  ])('%s → %s', async (text, code, place, next) => {
    const fault = await mine(text)
    expect(fault).toMatchObject({ code, where: `boards/mine.yaml:${place}` })
    expect(fault.next).toMatch(next)
  })

  it('is right as docs/boards.md shows it', () => {
    const docs = readFileSync(join(import.meta.dirname, '../../../docs/boards.md'), 'utf8')
    const [, text] = /```yaml\n([^]*?)```/.exec(docs)!
    expect(profileFromText(text!, 'my-board.yaml')).toMatchObject({ name: 'my-board', output: { computing: ['Conv'] } })
    for (const name of BUILT_IN) expect(docs).toContain(name)
  })

  it('must be called as its file is', async () => {
    expect(await faultOf(() => profileFromText(HEAD + RULES, 'other.yaml'))).toMatchObject({ code: 'input.board-name', where: 'other.yaml:1:7' })
  })
})

describe('statements that contradict each other are refused with both lines', () => {
  it.each([
    ['two rules for the same nodes', `${RULES}  - { ops: [Relu, Conv], int8: missing, source: book }\n`, '9:26', 'boards/mine.yaml:8:18'],
    ['overlapping conditions', 'operators:\n  - { ops: Conv, when: { kernel: 1..7 }, int8: native, source: book }\n  - { ops: Conv, when: { kernel: 7.. }, int8: missing, source: book }\n', '9:41', 'boards/mine.yaml:8:42'],
    ['an accumulator that may not leave', 'operators:\n  - { ops: Conv, int32-out: native, source: book }\noutput:\n  highPrecision: { is: false, source: book }\n', '10:3', 'boards/mine.yaml:8:18'],
    ['symmetric with any zero point', `${RULES}activations:\n  symmetry: { is: symmetric, source: book }\n  zeroPoint: { is: any, source: book }\n`, '11:3', 'boards/mine.yaml:10:3'],
    ['16 bits that activations do not have', 'operators:\n  - { ops: Conv, int16: native, source: book }\nactivations:\n  bits: { is: [8], source: book }\n', '10:3', 'boards/mine.yaml:8:18'],
    ['a rule past a limit', 'operators:\n  - { ops: Conv, when: { kernel: 8..9 }, int8: native, source: book }\nlimits:\n  kernel: { is: 7, source: book }\n', '10:3', 'boards/mine.yaml:8:26'],
  ])('%s', async (_what, text, second, first) => {
    const fault = await mine(text)
    expect(fault).toMatchObject({ code: 'input.board-contradiction', where: `boards/mine.yaml:${second}` })
    expect(fault.what).toContain(first)
  })

  it('but not what differs in its conditions', () => {
    const rules = 'operators:\n  - { ops: Conv, when: { kernel: 1..7 }, int8: native, source: book }\n  - { ops: Conv, when: { kernel: 8.. }, int8: missing, source: book }\n  - { ops: Conv, when: { stride: 3.. }, int8: fallback, source: book }\n'
    expect(profileFromText(HEAD + rules, 'mine.yaml').operators).toHaveLength(3)
  })
})
