import { expect, test } from 'vitest'
import { mlirNames, vendorNameOf } from '../../../main/export/mlir-names.ts'
import { FORMATS } from '../../../main/export/formats/index.ts'
import { calibrationTable } from '../../../main/export/formats/sophon.ts'
import type { TensorQuant } from '../../../main/export/record.ts'
import type { Subject } from '../../../main/export/subject.ts'
import { graph, node } from '../../fixtures/build-model.ts'

/** As model_transform prints a module: locations behind operators, by alias at the end of the file or in place. */
const MODULE = `#loc = loc(unknown)
module @net attributes {module.platform = "ONNX", module.state = "TOP_F32", module.weight_file = "net_top_f32_all_weight.npz"} {
  func.func @main(%arg0: tensor<1x3x8x8xf32> loc(unknown)) -> tensor<1x4x8x8xf32> {
    %0 = "top.None"() : () -> none loc(#loc)
    %1 = "top.Input"(%arg0) {do_preprocess = true, pixel_format = "rgb"} : (tensor<1x3x8x8xf32>) -> tensor<1x3x8x8xf32> loc(#loc1)
    %2 = "top.Weight"() : () -> tensor<4x3x3x3xf32> loc(#loc2)
    %3 = "top.Conv"(%1, %2, %0) {do_relu = true, kernel_shape = [3, 3], pads = [1, 1, 1, 1]} : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>, none) -> tensor<1x4x8x8xf32> loc(#loc3)
    %4 = "top.AddConst"(%3) {const_val = 2.0 : f64} : (tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32> loc("/a \\"b\\".0_\\E4\\B8\\AD\\5C")
    %5:2 = "top.Split"(%4) {axis = 1 : si32} : (tensor<1x4x8x8xf32>) -> (tensor<1x2x8x8xf32>, tensor<1x2x8x8xf32>) loc(fused["s0_Split", "s1_Split"])
    %6 = "top.Sigmoid"(%5#0) {} : (tensor<1x2x8x8xf32>) -> tensor<1x2x8x8xf32> loc(#loc6)
    return %6 : tensor<1x2x8x8xf32> loc(#loc)
  } loc(#loc)
} loc(#loc)
#loc1 = loc("x")
#loc2 = loc("w")
#loc3 = loc("c_Conv")
#loc4 = loc("g0_Sigmoid")
#loc5 = loc("g1_Sigmoid")
#loc6 = loc(fused[#loc4, #loc5])
`

test('names of a .mlir: by alias, in place, fused, with other characters; constants are none of them', () => {
  const { ops, where } = mlirNames(MODULE, 'net.mlir')
  expect([...ops]).toEqual([['x', 'Input'], ['c_Conv', 'Conv'], ['/a "b".0_中\\', 'AddConst'], ['s0_Split', 'Split'], ['s1_Split', 'Split'], ['g0_Sigmoid', 'Sigmoid'], ['g1_Sigmoid', 'Sigmoid']])
  expect(where).toBe('net.mlir')
  // An alias that leads to itself ends.
  expect([...mlirNames('%1 = "top.Add"(%0) : () -> () loc(#loc1)\n%2 = "top.Add"(%0) : () -> () loc("y_Add")\n#loc1 = loc(fused[#loc1])', 'x').ops.keys()]).toEqual(['y_Add'])
  for (const text of ['', 'module {}', 'not MLIR at all', MODULE.slice(0, 200)]) expect(() => mlirNames(text, 'net.mlir')).toThrow(expect.objectContaining({ code: 'input.vendor-names', where: 'net.mlir' }))
})

test('a value is found by the importer’s rule, bare, or as the only name that begins with it', () => {
  const names = mlirNames(MODULE, 'net.mlir')
  expect([vendorNameOf(names, 'c_Conv', 'c'), vendorNameOf(names, 'x_Pad', 'x'), vendorNameOf(names, 's0_Slice', 's0'), vendorNameOf(names, 'g_Mul', 'g'), vendorNameOf(names, 'z_Conv', 'z')]).toEqual(['c_Conv', 'x', 's0_Split', undefined, undefined])
})

test('the table takes these names; what has none is an error, what has no range a warning', () => {
  const row = (name: string, op: string): TensorQuant => ({ name, role: op === '' ? 'input' : 'activation', bits: 8, signed: true, symmetric: true, axis: null, scale: [0.5], zeroPoint: [0], observed: null, range: [-63.5, 63.5], method: 'max', samples: 1, node: name, op })
  const subject = { graph: graph({ inputs: {}, outputs: {}, nodes: [node('Relu', [], ['c'])] }), floatNodes: [], records: [row('x', ''), row('c', 'Conv'), row('s0', 'Slice'), row('lost', 'Mul')], samples: 1, method: 'max', vendorNames: mlirNames(MODULE, 'net.mlir') } as unknown as Subject
  expect(calibrationTable(subject).split('\n').filter((line) => line !== '' && !line.startsWith('#')).map((line) => line.split(' ')[0])).toEqual(['x', 'c_Conv', 's0_Split'])
  const checks = FORMATS.find(({ name }) => name === 'sophon')!.checks(subject, { chip: 'bm1684x' })
  expect(checks.find(({ id }) => id === 'vendor-names')).toMatchObject({ state: 'error', where: ['lost'], what: { en: expect.stringContaining('3/4') as string } })
  expect(checks.find(({ id }) => id === 'vendor-ranges')).toMatchObject({ state: 'warning', where: ['/a "b".0_中\\', 'g0_Sigmoid', 'g1_Sigmoid'] })
  expect(FORMATS.find(({ name }) => name === 'sophon')!.checks({ ...subject, records: subject.records.slice(0, 3) }, { chip: 'bm1684x' }).find(({ id }) => id === 'vendor-names')).toMatchObject({ state: 'ok' })
})
