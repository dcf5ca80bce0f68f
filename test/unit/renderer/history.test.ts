import { expect, test } from 'vitest'
import type { ComparedRuns, LineageNode, ScaleRow } from '../../../preload/contract/index.ts'
import { columnsFrom, FIRST_COLUMNS } from '../../../renderer/features/history/column-choice.ts'
import { groupsOf, limitOf } from '../../../renderer/features/history/chart-rows.ts'
import { comparedRows, comparedTable, deltaOf, layerDelta, scaleDelta, valueText } from '../../../renderer/features/history/compared-rows.ts'
import { readFilter } from '../../../renderer/features/history/filter.ts'
import { filtersFrom } from '../../../renderer/features/history/saved-filters.ts'
import { lineageRows } from '../../../renderer/features/run/lineage-rows.ts'
import { csv, tableOf, tsv } from '../../../renderer/ui/delimited.ts'
import { blocksOf } from '../../../renderer/ui/note-blocks.ts'
import { sortedRows, toggledSort } from '../../../renderer/ui/sort.ts'
import { pagesOf, PAGE } from '../../../renderer/ui/use-pages.ts'
import { layerError, scaleRow } from '../../fixtures/sample-run.ts'

const NOON = new Date(2026, 10, 21, 12).getTime()
const read = (line: string) => readFilter(line, NOON)
const at = (...parts: [number, number, number]) => new Date(...parts).toISOString()

test('the filter line: fields, quotes, text, and what is no field', () => {
  expect(read('model:sr verb:demo status:done tag:"to ship" method:kl board:ort-cpu parent:01A archived:yes baseline:no night shift')).toEqual({
    filter: { model: 'sr', verb: 'demo', status: 'done', tag: 'to ship', method: 'kl', board: 'ort-cpu', parent: '01A', archived: true, baseline: false, text: 'night shift' }, unknown: [],
  })
  expect(read('speed:high verb:fly status: archived:maybe speed>3 x')).toEqual({ filter: { text: 'x' }, unknown: ['speed:high', 'verb:fly', 'status:', 'archived:maybe', 'speed>3'] })
  expect(read('  ')).toEqual({ filter: {}, unknown: [] })
})

test('the filter line: bounds of numbers', () => {
  expect(read('psnr>30 drop<=0.1 worst<30dB latency<0.8 size>=0.3 seconds=10 float>-1').filter.bounds).toEqual([
    { number: 'simulated', sense: '>', value: 30 }, { number: 'drop', sense: '<=', value: 0.1 }, { number: 'worst', sense: '<', value: 30 },
    { number: 'latency', sense: '<', value: 0.8 }, { number: 'size', sense: '>=', value: 0.3 }, { number: 'seconds', sense: '=', value: 10 }, { number: 'float', sense: '>', value: -1 },
  ])
  expect(read('psnr>much drop:0.1 psnr>').unknown).toEqual(['psnr>much', 'drop:0.1', 'psnr>'])
})

test('the filter line: lengths of time count from now, days from their own beginning and end', () => {
  expect(read('date>7d').filter).toEqual({ since: new Date(NOON - 7 * 86_400_000).toISOString() })
  expect(read('date<2w').filter).toEqual({ until: new Date(NOON - 14 * 86_400_000).toISOString() })
  expect(read('date>=2026-11-01 date<2026-11-05').filter).toEqual({ since: at(2026, 10, 1), until: at(2026, 10, 5) })
  expect(read('date>2026-11-01').filter).toEqual({ since: at(2026, 10, 2) })
  expect(read('date=2026-11-01').filter).toEqual({ since: at(2026, 10, 1), until: at(2026, 10, 2) })
  expect(read('date>7x date>2026-02-30 date=7d date:today').unknown).toEqual(['date>7x', 'date>2026-02-30', 'date=7d', 'date:today'])
})

test('what was remembered, and what stands for what was not', () => {
  expect(columnsFrom('["run","drop"]')).toEqual(['run', 'drop'])
  for (const text of [null, '', '{', '[]', '[1]', 'null']) expect(columnsFrom(text)).toEqual(FIRST_COLUMNS)
  expect(filtersFrom('[{"name":"n","line":"drop>1"}]')).toEqual([{ name: 'n', line: 'drop>1' }])
  for (const text of [null, '{', '[{"name":1}]']) expect(filtersFrom(text)).toEqual([])
})

test('a click on a head: its first direction, the other, none; with Shift beside the others', () => {
  const down = { adds: false, downFirst: true }
  const adds = { adds: true, downFirst: false }
  expect([toggledSort('', 'drop', down), toggledSort('-drop', 'drop', down), toggledSort('drop', 'drop', down)]).toEqual(['-drop', 'drop', ''])
  expect(toggledSort('model,-drop', 'size', { adds: false, downFirst: false })).toBe('size')
  expect([toggledSort('-drop', 'model', adds), toggledSort('-drop,model', 'model', adds), toggledSort('-drop,-model', 'model', adds)]).toEqual(['-drop,model', '-drop,-model', '-drop'])
})

test('rows by several columns: names by their numbers, nothing last in either direction, ties as they were', () => {
  interface Row { readonly name: string; readonly db: number | null; readonly n: number }
  const rows: readonly Row[] = [{ name: 'conv10', db: 30, n: 0 }, { name: 'conv2', db: null, n: 1 }, { name: 'conv1', db: 30, n: 2 }, { name: 'x', db: Number.NaN, n: 3 }, { name: 'conv9', db: -1, n: 4 }]
  const values: Readonly<Record<string, (row: Row) => string | number | null>> = { name: (row) => row.name, db: (row) => row.db }
  const order = (sort: string) => sortedRows(rows, sort, (id) => values[id]).map(({ n }) => n)
  expect([order(''), order('name'), order('db'), order('-db'), order('-db,name'), order('none')]).toEqual([[0, 1, 2, 3, 4], [2, 1, 4, 0, 3], [4, 0, 2, 1, 3], [0, 2, 4, 1, 3], [2, 0, 4, 1, 3], [0, 1, 2, 3, 4]])
})

test('pages come a little before their rows are seen; the first is always there', () => {
  expect([pagesOf(0, 30), pagesOf(0, PAGE - 20), pagesOf(PAGE + 10, PAGE + 30), pagesOf(5 * PAGE + 70, 5 * PAGE + 90)]).toEqual([[], [1], [1], [5, 6]])
  expect(pagesOf(9 * PAGE, 9 * PAGE)).toEqual([8, 9])
})

const summary = (run: string, changes: object = {}) => ({
  run, parent: null, model: '/m/a.onnx', gates: null, quality: { protocol: 'psnr-y/x', unit: 'dB', float: 33, simulated: 32.9, fused: null }, ...changes,
}) as unknown as ComparedRuns['runs'][number]

test('changes count from the baseline, with the sign that a person expects', () => {
  const rows = comparedRows({
    metrics: [{ protocol: 'psnr-y/x', version: 'simulated', values: [33.5, 33.25, null] }],
    recipe: [{ key: 'quantize.activations.method', values: ['kl', 'max', undefined] }],
    facts: [{ key: 'size.ratio', values: [0.25, 0.5, 0.25] }, { key: 'model.sha256', values: ['ab'.repeat(32), null, 'cd'] }],
  })
  expect(rows.map(({ section, better }) => [section, better])).toEqual([['metrics', 'up'], ['recipe', undefined], ['facts', 'down'], ['facts', undefined]])
  expect([0, 1, 2].map((run) => deltaOf(rows[0]!, run, 0))).toEqual([null, -0.25, null])
  expect([0, 1, 2].map((run) => deltaOf(rows[2]!, run, 1))).toEqual([-0.25, null, -0.25])
  expect(deltaOf(rows[1]!, 1, 0)).toBeNull()
  expect([valueText(rows[0]!, 0), valueText(rows[0]!, 2), valueText(rows[1]!, 2), valueText(rows[2]!, 1), valueText(rows[3]!, 0)]).toEqual(['33.500', '–', '–', '0.5', 'abababababab…'])

  const table = comparedTable(['XAAAAAA', 'XBBBBBB', 'XCCCCCC'], rows.slice(0, 2), 1, false)
  expect(table).toEqual([
    ['', 'aaaaaa', 'bbbbbb', 'cccccc', 'Δ aaaaaa', 'Δ cccccc'],
    ['psnr-y/x simulated', '33.5', '33.25', '', '0.25', ''],
    ['quantize.activations.method', 'kl', 'max', '', '', ''],
  ])
  expect(comparedTable(['XAAAAAA', 'XBBBBBB'], rows.slice(0, 1), 0, true)).toEqual([['', 'psnr-y/x simulated'], ['aaaaaa', '33.5'], ['bbbbbb', '33.25'], ['Δ bbbbbb', '-0.25']])
})

test('metrics of different samples are never compared', () => {
  const [row] = comparedRows({
    metrics: [{ protocol: 'psnr-y/x', version: 'simulated', values: [33.5, 33.25, 33] }], recipe: [],
    facts: [{ key: 'samples.evaluation.sha256', values: ['a', 'b', 'a'] }],
  })
  expect([1, 2].map((run) => deltaOf(row!, run, 0))).toEqual([null, -0.5])
})

test('changes of scales: the channel that moved most; none where channels do not match or a side is float', () => {
  const row = (changes: Partial<ScaleRow>) => scaleRow('t', { scale: [0.1, 0.2], zeroPoint: [0, 3], lo: -1, hi: 2, ...changes })
  expect(scaleDelta(row({ scale: [0.2, 0.1] }), row({}), 'scale')).toBeCloseTo(100)
  expect(scaleDelta(row({ scale: [0.1, 0.05] }), row({}), 'scale')).toBeCloseTo(-75)
  expect(scaleDelta(row({ lo: -4, hi: 3 }), row({}), 'range')).toBe(-3)
  expect(scaleDelta(row({ zeroPoint: [1, 5] }), row({}), 'zero-point')).toBe(2)
  expect([scaleDelta(row({ scale: [0.1] }), row({}), 'scale'), scaleDelta(row({ float: true }), row({}), 'scale'), scaleDelta(null, row({}), 'scale'), scaleDelta(row({}), row({}), 'method')]).toEqual([null, null, null, null])
  expect([layerDelta(layerError('t', { sqnrDb: 41 }), layerError('t', { sqnrDb: 40 }), 'sqnrDb'), layerDelta(null, layerError('t'), 'mse')]).toEqual([1, null])
})

test('the chart: runs of one model and protocol; the stricter gate draws the line', () => {
  const groups = groupsOf([summary('3'), summary('1'), summary('2', { model: '/m/b.onnx' }), summary('4', { quality: null })])
  expect(groups.map(({ model, runs }) => [model, runs.map(({ run }) => run)])).toEqual([['/m/a.onnx', ['1', '3']], ['/m/b.onnx', ['2']]])
  const gates = [{ rule: 'psnr_y_drop_db <= 0.5' }, { rule: 'psnr_y_db >= 32' }, { rule: 'ssim_y_drop <= 0.1' }, { rule: 'output_cosine >= 0.99' }]
  expect([limitOf(gates, 'psnr-y/shave3', 33), limitOf(gates.slice(1), 'psnr-y/shave3', 33), limitOf(gates, 'psnr-rgb/x', 33), limitOf(gates, 'cosine/x', null)]).toEqual([32.5, 32, null, 0.99])
})

test('lineage: children below their parent, the oldest first, and where the lines go on', () => {
  const node = (run: string, parent: string | null): LineageNode => ({ run: summary(run, { parent }), depth: 0, changes: [] })
  const rows = lineageRows([node('1', 'gone'), node('2', '1'), node('3', '1'), node('4', '2')])
  expect(rows.map(({ run, level, isLast, goesOn }) => [run.run, level, isLast, goesOn])).toEqual([['1', 0, true, []], ['2', 1, false, [false]], ['4', 2, true, [false, true]], ['3', 1, true, [false]]])
})

test('tables as text: tabs and line ends never break a row', () => {
  expect(tsv([['a', 'b\tc'], ['d\ne', 'f']])).toBe('a\tb c\nd e\tf')
  expect(csv([['a', 'b"c'], ['d,e', 'f\ng']])).toBe('a,"b""c"\r\n"d,e","f\ng"')
  const columns = [{ id: 'n', title: 'N', value: (row: { n: number }) => row.n }, { id: 'x', title: 'X' }]
  expect(tableOf(columns, [{ n: 1 }, { n: 2 }], '-n')).toEqual([['N', 'X'], ['2', ''], ['1', '']])
})

test('a note: paragraphs, headings, lists and code; markup stays text', () => {
  expect(blocksOf('# Why\nfirst\nline\n\nsecond\n- a\n* b\n```\n# no heading\n\n- x\n```\n<b>end</b>')).toEqual([
    { kind: 'head', lines: ['# Why'] }, { kind: 'text', lines: ['first', 'line'] }, { kind: 'text', lines: ['second'] }, { kind: 'list', lines: ['- a', '* b'] },
    { kind: 'code', lines: ['# no heading', '', '- x'] }, { kind: 'text', lines: ['<b>end</b>'] },
  ])
})
