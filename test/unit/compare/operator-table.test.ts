import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { timeOf } from '../../../main/compare/operator-nearest.ts'
import { operatorTableFromText, operatorTableText, readOperatorTable, type OperatorEntry, type OperatorTable } from '../../../main/compare/operator-table.ts'
import type { Fault } from '../../../main/core/fault.ts'
import { temporaryFolder } from '../../fixtures/temporary-folder.ts'

const folder = temporaryFolder()

const CONV: OperatorEntry = { op: 'Conv', kernel: 3, group: 'none', inputChannels: 32, outputChannels: 32, height: 64, width: 64, precision: 'int8', provider: 'cpu', medianMs: 0.5, minMs: 0.4, spreadMs: 0.01, runs: 200 }
const TABLE: OperatorTable = {
  head: { cpu: 'A CPU, "fast" (avx2)', protocol: 'turns/warmup3' },
  entries: [
    CONV,
    { ...CONV, kernel: 1, medianMs: 0.1 },
    { ...CONV, group: 'depthwise', medianMs: 0.2 },
    { ...CONV, precision: 'float32', medianMs: 1 },
    { op: 'Resize', mode: 'nearest', factor: 2, inputChannels: 32, outputChannels: 32, height: 64, width: 64, precision: 'int8', medianMs: 1.5e-3 },
  ],
}

function faultOf(text: string): Fault {
  try {
    operatorTableFromText(text, 't.csv')
  } catch (error) {
    return error as Fault
  }
  throw new Error('nothing was refused')
}

describe('the file', () => {
  test('is read back as it was written', async () => {
    const path = join(folder, 'table.csv')
    await writeFile(path, operatorTableText(TABLE))
    expect(await readOperatorTable(path)).toEqual(TABLE)
  })

  test('may come from elsewhere: own order of columns, few of them, no head, spaces, LF', () => {
    const text = 'precision, op ,width,height,median_ms\nint8,Conv,1280,720,"3.5"\n\nint16, Resize ,64,32,1e1\n'
    expect(operatorTableFromText(text, 't.csv')).toEqual({ head: {}, entries: [
      { op: 'Conv', height: 720, width: 1280, precision: 'int8', medianMs: 3.5 }, { op: 'Resize', height: 32, width: 64, precision: 'int16', medianMs: 10 },
    ] })
  })

  test.each([
    ['', 'input.table-empty', 't.csv', /no table/],
    ['# cpu: x\n', 'input.table-empty', 't.csv', /no table/],
    ['# cpu: x\nop,height,width,precision,median\n', 'input.table-column', 't.csv:2', /«median»/],
    ['op,op,height,width,precision,median_ms\n', 'input.table-column', 't.csv:1', /twice/],
    ['op,height,width\n', 'input.table-column', 't.csv:1', /missing: precision, median_ms/],
    ['op,height,width,precision,median_ms\nConv,1,1,int8,1\nConv,1,1,int8\n', 'input.table-value', 't.csv:3', /4 cells, the header has 5/],
    ['# cpu: x\nop,height,width,precision,median_ms\n\nConv,0,1,int8,1\n', 'input.table-value', 't.csv:4', /height is «0»/],
    ['op,height,width,precision,median_ms\nConv,1,1,int7,1\n', 'input.table-value', 't.csv:2', /precision is «int7»/],
    ['op,height,width,precision,median_ms\nConv,1,1,int8,-1\n', 'input.table-value', 't.csv:2', /median_ms is «-1»/],
    ['op,height,width,precision,median_ms\nConv,1,1,int8,fast\n', 'input.table-value', 't.csv:2', /median_ms is «fast»/],
    ['op,height,width,precision,median_ms\n,1,1,int8,1\n', 'input.table-value', 't.csv:2', /op is empty/],
    ['op,height,width,precision,median_ms\nConv,1,1,int8,"1\n', 'input.csv-syntax', 't.csv:2', /never ends/],
  ])('%j is refused', (text, code, where, what) => {
    const fault = faultOf(text)
    expect(fault).toMatchObject({ code, where })
    expect(fault.what).toMatch(what)
    expect(fault.next).toBeTruthy()
  })

  test('a misspelt column is told the right one', () => {
    expect(faultOf('op,height,width,precision,medianms\n').next).toContain('median_ms')
  })

  test('a file that is not there', async () => {
    await expect(readOperatorTable(join(folder, 'none.csv'))).rejects.toMatchObject({ code: 'input.no-table', where: join(folder, 'none.csv') })
  })
})

describe('the nearest entry', () => {
  const SHAPE = { op: 'Conv', kernel: 3, group: 'none', inputChannels: 32, outputChannels: 32, height: 64, width: 64 } as const

  test('is the same where there is one', () => {
    expect(timeOf(TABLE, SHAPE, 'int8')).toEqual({ entry: CONV, ms: 0.5, distance: 0, how: 'same', differs: [] })
    expect(timeOf(TABLE, SHAPE, 'float32')!.entry.medianMs).toBe(1)
    expect(timeOf(TABLE, { ...SHAPE, kernel: 1 }, 'int8')!.entry.medianMs).toBe(0.1)
    expect(timeOf(TABLE, { ...SHAPE, group: 'depthwise' }, 'int8')!.entry.medianMs).toBe(0.2)
  })

  test('is scaled by work, and says in what it differs and how far it is', () => {
    // Half the output channels: half the products.
    expect(timeOf(TABLE, { ...SHAPE, outputChannels: 16 }, 'int8')).toMatchObject({ ms: 0.25, distance: 1, how: 'near', differs: ['output_channels 16 for 32'] })
    // Four times the pixels and twice the input channels.
    expect(timeOf(TABLE, { ...SHAPE, inputChannels: 64, height: 128, width: 128 }, 'int8')).toMatchObject({
      ms: 4, distance: 3, how: 'far', differs: ['input_channels 64 for 32', 'size 128×128 for 64×64'],
    })
    // Channels of a depthwise convolution do not meet each other.
    expect(timeOf(TABLE, { ...SHAPE, group: 'depthwise', inputChannels: 64, outputChannels: 64 }, 'int8')).toMatchObject({ ms: 0.4, entry: { group: 'depthwise' } })
    // ×4 writes four times as much as ×2.
    expect(timeOf(TABLE, { op: 'Resize', mode: 'nearest', factor: 4, inputChannels: 32, height: 64, width: 64 }, 'int8')!.ms).toBeCloseTo(6e-3, 12)
    // 5×5 is nearer to 3×3 than to 1×1.
    expect(timeOf(TABLE, { ...SHAPE, kernel: 5 }, 'int8')).toMatchObject({ entry: { kernel: 3 }, ms: 0.5 * 25 / 9 })
  })

  test('another mode counts as far, what only one states not at all', () => {
    expect(timeOf(TABLE, { op: 'Resize', mode: 'cubic', factor: 2, height: 64, width: 64 }, 'int8')).toMatchObject({ distance: 2, how: 'far', differs: ['mode cubic for nearest'] })
    expect(timeOf(TABLE, { op: 'Resize', height: 64, width: 64 }, 'int8')).toMatchObject({ distance: 0, how: 'same', ms: 1.5e-3 })
  })

  test('there is none of another operator or precision', () => {
    expect(timeOf(TABLE, { op: 'Add', height: 64, width: 64 }, 'int8')).toBeNull()
    expect(timeOf(TABLE, SHAPE, 'int16')).toBeNull()
  })
})
