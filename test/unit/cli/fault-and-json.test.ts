import { expect, test } from 'vitest'
import { faultBlock } from '../../../main/cli/fault-block.ts'
import { interruptSignal } from '../../../main/cli/interrupt.ts'
import { jsonDocument } from '../../../main/cli/json.ts'
import { NO_COLOURS } from '../../../main/cli/layout.ts'
import { sayIn } from '../../../main/cli/texts/texts.ts'
import { asFault, Fault } from '../../../main/core/fault.ts'

test('an error is one block: what, where, next', () => {
  const fault = new Fault({ code: 'model.dangling-input', what: 'tensor «a\n» is made by nothing', where: 'net.onnx node Conv_3', next: 'Export it again.' })
  expect(faultBlock(fault, sayIn('en'), NO_COLOURS)).toBe(
    'error: tensor «a\\u{a}» is made by nothing\n  where  net.onnx node Conv_3\n  next   Export it again.\n')
  expect(faultBlock(fault, sayIn('zh'), NO_COLOURS)).toContain('\n  位置    net.onnx node Conv_3\n  下一步  Export it again.\n')
})

test('only a fault of ours shows where in the code it arose', () => {
  expect(faultBlock(new Fault({ code: 'input.missing', what: 'x' }), sayIn('en'), NO_COLOURS)).toBe('error: x\n')
  expect(faultBlock(asFault(new TypeError('oops')), sayIn('en'), NO_COLOURS)).toMatch(/^error: oops\n {2}next .*report.*\n {2}trace {2}at .*fault-and-json/)
})

test('JSON writes no difference at all as 120 dB', () => {
  const run = { quality: { float: Infinity, others: { 'psnr-rgb/shave2': { fused: Infinity } } }, layers: [{ sqnrDb: -Infinity }], gates: [{ measured: Infinity }] }
  expect(JSON.parse(jsonDocument(run))).toEqual({
    quality: { float: 120, others: { 'psnr-rgb/shave2': { fused: 120 } } }, layers: [{ sqnrDb: -120 }], gates: [{ measured: 120 }],
  })
})

test.each([{ scales: [{ lo: -Infinity }] }, { layers: [{ sqnrDb: NaN }] }, { latency: { ratio: Infinity } }])('JSON refuses %j with its place', (value) => {
  expect(() => jsonDocument(value)).toThrow(/(scales\.lo|layers\.sqnrDb|latency\.ratio): the result holds/)
})

test('parts that are absent are absent, and the document ends with a line end', () => {
  expect(jsonDocument({ a: undefined, b: null })).toBe('{\n  "b": null\n}\n')
})

test('the first Ctrl-C aborts, its echo does nothing, the second one leaves', () => {
  const listeners = new Map<string, () => void>()
  const heard: string[] = []
  let now = 0
  const signal = interruptSignal({ on: (name, listener) => listeners.set(name, listener) }, () => heard.push('first'), () => heard.push('second'), () => now)
  expect([...listeners.keys()]).toEqual(['SIGINT', 'SIGTERM', 'SIGHUP'])
  const press = (at: number): void => {
    now = at
    listeners.get('SIGINT')!()
  }
  press(1000)
  expect(signal.aborted).toBe(true)
  press(1100)
  expect(heard).toEqual(['first'])
  press(2000)
  expect(heard).toEqual(['first', 'second'])
})
