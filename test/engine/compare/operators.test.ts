import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { App } from '../../../main/app/api.ts'
import { openApp } from '../../../main/app/app.ts'
import { commandLine } from '../../../main/cli/command-line.ts'
import { OPERATORS, operatorCases } from '../../../main/compare/operator-models.ts'
import { codedGraph, feedsFor, halfGraph } from '../../../main/compare/operator-precision.ts'
import { readOperatorTable } from '../../../main/compare/operator-table.ts'
import { encodeModel } from '../../../main/onnx/encode.ts'
import { PROVIDERS } from '../../../main/runtime/providers.ts'
import { openSession } from '../../../main/runtime/session.ts'
import { memoryTerminal } from '../../fixtures/memory-terminal.ts'
import { temporaryFolder } from '../../fixtures/temporary-folder.ts'

const folder = temporaryFolder()
let app: App
beforeAll(async () => {
  app = await openApp({ workspace: join(folder, 'workspace'), cwd: folder, threads: 1 })
})
afterAll(() => app.close())

const type = async (line: string) => {
  const terminal = memoryTerminal()
  const code = await commandLine(line.split(' '), {
    terminal, cwd: folder, environment: {}, signal: new AbortController().signal,
    openApp: async () => ({ ...app, close: async () => undefined }), openPage: () => Promise.reject(new Error('no page is opened here')),
  })
  return { code, stdout: terminal.stdout(), stderr: terminal.stderr() }
}

describe('the models', () => {
  test('every operator computes what its shape says, on codes codes come out', async () => {
    for (const { shape, graph } of operatorCases({ quick: true })) {
      for (const [form, mode] of [[graph, 'float'], [codedGraph(graph, 8), 'fused']] as const) {
        if (form === null) continue
        const session = await openSession(encodeModel(form), { mode, threads: 1, where: shape.op })
        const [output] = Object.values(await session.run(feedsFor(form)))
        await session.close()
        expect([shape.op, output!.dims]).toEqual([shape.op, graph.outputs[0]!.dims])
        expect(output!.type).toBe(mode === 'float' ? 'float32' : 'uint8')
      }
    }
  })

  test('in half precision nothing is float32 but the scales of a Resize', () => {
    for (const { graph } of operatorCases({ quick: true })) {
      const half = halfGraph(graph)
      const left = [...half.initializers].filter(([, { type }]) => type === 'float32').map(([name]) => name)
      expect(left).toEqual(graph.nodes[0]!.op === 'Resize' ? [graph.nodes[0]!.inputs[2]] : [])
      expect([...half.values.values()].every((info) => info.type === 'float16')).toBe(true)
    }
  })

  test('16-bit codes are codes too', async () => {
    const [add] = operatorCases({ quick: true, ops: ['Add'] })
    const coded = codedGraph(add!.graph, 16)!
    expect(coded.inputs.map((input) => input.type)).toEqual(['uint16', 'uint16'])
    const session = await openSession(encodeModel(coded), { mode: 'fused', threads: 1 })
    expect((await session.run(feedsFor(coded)))[coded.outputs[0]!.name]!.type).toBe('uint16')
    await session.close()
  })
})

describe('bench-operators', () => {
  test('times two operators in every precision and writes the table', async () => {
    const { code, stdout, stderr } = await type('bench-operators --quick --ops Relu,Add --out table.csv --json --quiet')
    expect([code, stderr]).toEqual([0, ''])
    const document = JSON.parse(stdout) as Awaited<ReturnType<App['benchOperators']>>
    // The CPU is there, the absent ones say why.
    expect(document.providers.map(({ name }) => name)).toEqual([...PROVIDERS])
    expect(document.providers[0]).toEqual({ name: 'cpu', title: 'CPU', present: true })
    for (const { present, why } of document.providers) expect(present === (why === undefined)).toBe(true)
    const table = await readOperatorTable(join(folder, 'table.csv'))
    expect(table.entries).toEqual(document.entries)
    expect(table.head).toMatchObject({ threads: '1', cpu: document.head['cpu'], protocol: 'turns/warmup3/budget30ms/threads1', load: expect.stringMatching(/^\d+\.\d before, \d+\.\d after$/) as string })
    const cpu = table.entries.filter(({ provider }) => provider === 'cpu')
    expect(new Set(cpu.map(({ op, inputChannels, precision }) => `${op} ${inputChannels} ${precision}`))).toEqual(new Set(['Add 32', 'Add 64', 'Relu 32'].flatMap((name) => ['float32', 'float16', 'int8'].map((precision) => `${name} ${precision}`))))
    expect(cpu.every(({ medianMs, minMs, runs }) => medianMs > 0 && minMs! <= medianMs && runs! >= 10)).toBe(true)
    expect((await readFile(join(folder, 'table.csv'), 'utf8')).startsWith('# cpu: ')).toBe(true)
  })

  test('people get a table, the providers and progress', async () => {
    const { code, stdout, stderr } = await type('bench-operators --quick --ops Relu')
    expect(code).toBe(0)
    expect(stdout).toMatch(/float32 ms +float16 ms +int8 ms/)
    expect(stdout).toMatch(/Relu +32 → 32 +32×32 +cpu/)
    expect(stdout).toMatch(/CPU +present/)
    expect(stdout).toMatch(/DirectML +(?:present|absent)/)
    expect(stderr).toContain('operators')
  })

  test('an unknown operator is refused with the nearest, a folder as --out too', async () => {
    const unknown = await type('bench-operators --quick --ops Convv')
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('Conv')])
    expect((await type(`bench-operators --quick --ops Relu --out ${folder}`)).code).toBe(2)
    expect(OPERATORS).toContain('Conv')
  })

  test('is stopped when asked', async () => {
    const stop = new AbortController()
    const work = app.benchOperators({}, { signal: stop.signal, report: ({ done }) => void (done >= 1 && stop.abort(new Error('enough'))) })
    await expect(work).rejects.toThrow('enough')
  })
})

test('doctor lists the execution providers', async () => {
  const { checks } = await app.doctor({ signal: new AbortController().signal, report: () => undefined })
  expect(checks.find(({ name }) => name === 'providers')).toMatchObject({ status: 'ok', value: expect.stringMatching(/^CPU/) as string })
})
