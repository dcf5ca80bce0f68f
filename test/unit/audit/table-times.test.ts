import { expect, it } from 'vitest'
import { audit, type AuditInput } from '../../../main/audit/audit.ts'
import type { OperatorEntry, OperatorTable } from '../../../main/compare/operator-table.ts'
import type { Finding } from '../../../main/core/run.ts'
import { expectationOf } from '../../../main/samples/expectation.ts'
import { graph, node, noise } from '../../fixtures/build-model.ts'
import { board, ruled } from '../../fixtures/coded-model.ts'

const row = (entry: Partial<OperatorEntry> & Pick<OperatorEntry, 'op' | 'medianMs'>): OperatorEntry => ({ inputChannels: 4, outputChannels: 4, height: 8, width: 8, precision: 'int8', ...entry })
const table = (...entries: OperatorEntry[]): OperatorTable => ({ head: {}, entries })

const made = graph({
  inputs: { x: [1, 4, 8, 8] }, values: { a: [1, 4, 8, 8], b: [1, 4, 8, 8], c: [1, 4, 8, 8] }, outputs: { y: [1, 4, 8, 8] }, initializers: { w: noise([4, 4, 3, 3]) },
  nodes: [
    node('Conv', ['x', 'w'], ['a'], { pads: [1, 1, 1, 1] }, 'conv'), node('Relu', ['a'], ['b'], {}, 'relu'), node('Sigmoid', ['b'], ['c'], {}, 'squash'), node('Tanh', ['c'], ['y'], {}, 'bend'),
  ],
})
const look = (times: OperatorTable, more: Partial<AuditInput> = {}): Finding[] =>
  audit({ graph: made, expectation: expectationOf(made), shapes: { values: made.values, at: 'an input of 8×8' }, times, ...more }, board())
const slow = (times: OperatorTable, more: Partial<AuditInput> = {}): Finding[] => ruled(look(times, more), 'D01').filter(({ what }) => what.includes('of the time'))

it('D01: an operator that would take a fifth of the time by the table of the board', () => {
  const findings = slow(table(row({ op: 'Conv', kernel: 3, group: 'none', medianMs: 6 }), row({ op: 'Relu', medianMs: 50 }), row({ op: 'Sigmoid', medianMs: 1, height: 4 }), row({ op: 'Tanh', medianMs: 1 })))
  // Twice as many rows as the entry has: 2 of 9 ms. The Relu belongs to the convolution and is not counted.
  expect(findings).toMatchObject([{ severity: 'note', node: 'squash', what: 'Sigmoid would take 22.2 % of the time and computes no products' }])
  expect(findings[0]!.why).toContain('2 ms of 9 ms in squash, by the latency table for 3 of 4 nodes')
  expect(findings[0]!.why).toContain('near: size 8×8 for 4×8')
})

it('a table of the board counts before what was measured here, and is silent where nothing is slow', () => {
  const operators = [{ node: 'squash', op: 'Sigmoid', version: 'float' as const, us: 60 }, { node: 'conv', op: 'Conv', version: 'float' as const, us: 40 }]
  expect(slow(table(), { operators })).toEqual([])
  expect(slow(table(row({ op: 'Conv', medianMs: 9 }), row({ op: 'Sigmoid', medianMs: 1 })), { operators })).toEqual([])
  expect(slow(table(row({ op: 'Sigmoid', medianMs: 1, precision: 'float32' })))).toEqual([])
})

it('D03: a large map says its time', () => {
  const enlarged = graph({
    inputs: { x: [1, 3, 8, 8] }, outputs: { y: [1, 3, 16, 16] }, values: { c: [1, 12, 8, 8], d: [1, 3, 16, 16] }, initializers: { w: noise([12, 3, 1, 1]) },
    nodes: [node('Conv', ['x', 'w'], ['c'], {}, 'conv'), node('DepthToSpace', ['c'], ['d'], { blocksize: 2 }, 'shuffle'), node('Sigmoid', ['d'], ['y'], {}, 'squash')],
  })
  const times = table(row({ op: 'Sigmoid', inputChannels: 3, outputChannels: 3, height: 16, width: 16, medianMs: 0.25 }))
  const found = ruled(audit({ graph: enlarged, expectation: expectationOf(enlarged), shapes: { values: enlarged.values, at: 'an input of 8×8' }, times }, board()), 'D03')
  expect(found).toMatchObject([{ node: 'squash', why: expect.stringContaining('; 0.25 ms by the table (same)') as string }])
})
