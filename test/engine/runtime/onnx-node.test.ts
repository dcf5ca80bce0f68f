import { fromBinary } from '@bufbuild/protobuf'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { FaultCode } from '../../../main/core/fault.ts'
import type { Tensor } from '../../../main/onnx/graph.ts'
import { ModelProtoSchema, TensorProtoSchema } from '../../../main/onnx/onnx_pb.ts'
import { tensorOf } from '../../../main/onnx/tensor-proto.ts'
import { openSession } from '../../../main/runtime/session.ts'
import { hasSharedData, sharedData, warnWithoutSharedData } from '../../fixtures/shared-data.ts'

const folder = join(sharedData, 'onnx_node')
warnWithoutSharedData('the ONNX backend node tests')
const names = hasSharedData ? readdirSync(folder).toSorted() : []

interface Refusal {
  readonly code: FaultCode
  readonly reason: string
}

const refusal = (code: FaultCode, reason: string) => ({ code, reason })
const NO_EXCHANGE = refusal('model.unsupported-type', 'float8 and 2-bit tensors cannot enter or leave ONNX Runtime for Node')
const NO_FOUR_BITS = refusal('model.unsupported-type', 'a 4-bit tensor as an input or output would end the process')
const NO_FLOAT4 = refusal('model.unsupported-operator', 'no float4 kernel on the CPU')
const NO_INT8_WHERE = refusal('model.unsupported-operator', 'no int8 kernel of Where on the CPU')
const NO_TENSOR = refusal('model.unsupported-type', 'an input that is a sequence or optional')

/** Tests of what this runtime does not support, by reason. Everything else must pass. */
const REFUSED: Readonly<Record<string, Refusal>> = {
  test_clip_default_int8_max_expanded: NO_INT8_WHERE,
  test_clip_default_int8_min_expanded: NO_INT8_WHERE,
  test_convinteger_with_padding: refusal('engine.run-failed', 'ConvInteger takes no zero point of one element a channel'),
  test_dequantizelinear_e4m3fn: NO_EXCHANGE,
  test_dequantizelinear_e4m3fn_float16: NO_EXCHANGE,
  test_dequantizelinear_e4m3fn_zero_point: NO_EXCHANGE,
  test_dequantizelinear_e5m2: NO_EXCHANGE,
  test_dequantizelinear_float4e2m1: NO_FLOAT4,
  test_dequantizelinear_int2: NO_EXCHANGE,
  test_dequantizelinear_int4: NO_FOUR_BITS,
  test_dequantizelinear_uint2: NO_EXCHANGE,
  test_dequantizelinear_uint4: NO_FOUR_BITS,
  test_identity_opt: NO_TENSOR,
  test_identity_sequence: NO_TENSOR,
  test_quantizelinear_e4m3fn: NO_EXCHANGE,
  test_quantizelinear_e5m2: NO_EXCHANGE,
  test_quantizelinear_float4e2m1: NO_FLOAT4,
  test_quantizelinear_int2: NO_EXCHANGE,
  test_quantizelinear_int4: NO_FOUR_BITS,
  test_quantizelinear_uint2: NO_EXCHANGE,
  test_quantizelinear_uint4: NO_FOUR_BITS,
}

/**
 * ONNX Runtime scales by the rounded output size where ONNX now takes the fractional one; its own test run leaves these out too.
 * Should one begin to agree, it belongs to the others.
 */
const DIFFERENT = ['test_resize_downsample_scales_cubic_align_corners', 'test_resize_downsample_scales_linear_align_corners']

/** The tolerances of ONNX's own backend test runner: other summing orders than the reference's. Integers must be equal. */
const RELATIVE = 1e-3
const ABSOLUTE = 1e-7

function readTensors(test: string, kind: 'input' | 'output'): Tensor[] {
  const data = join(folder, test, 'test_data_set_0')
  const files = readdirSync(data).filter((name) => name.startsWith(kind)).length
  return Array.from({ length: files }, (_, index) => {
    const file = join(data, `${kind}_${index}.pb`)
    return tensorOf(fromBinary(TensorProtoSchema, readFileSync(file)), file)
  })
}

function expectClose(actual: Tensor, expected: Tensor): void {
  expect(actual.type).toBe(expected.type)
  expect(actual.dims).toEqual(expected.dims)
  if (!expected.type.startsWith('float')) return expect(actual.data).toEqual(expected.data)
  const off = [...(expected.data as Float32Array)].findIndex((value, index) => {
    const got = (actual.data as Float32Array)[index]!
    return !(Object.is(got, value) || Math.abs(got - value) <= ABSOLUTE + RELATIVE * Math.abs(value))
  })
  expect(off < 0 ? 'close' : `[${off}]: ${String(actual.data[off])} instead of ${String(expected.data[off])}`).toBe('close')
}

async function runTest(test: string, mode: 'reference' | 'float'): Promise<void> {
  const bytes = readFileSync(join(folder, test, 'model.onnx'))
  const graph = fromBinary(ModelProtoSchema, bytes).graph!
  const session = await openSession(bytes, { mode, threads: 1, where: test })
  try {
    const inputs = readTensors(test, 'input')
    const results = await session.run(Object.fromEntries(inputs.map((tensor, index) => [graph.input[index]!.name, tensor])))
    for (const [index, expected] of readTensors(test, 'output').entries()) expectClose(results[graph.output[index]!.name]!, expected)
  } finally {
    await session.close()
  }
}

describe.skipIf(!hasSharedData)('ONNX backend node tests', () => {
  it('are there', () => {
    expect(names.length).toBeGreaterThan(100)
    expect([...Object.keys(REFUSED), ...DIFFERENT].filter((name) => !names.includes(name))).toEqual([])
  })

  for (const mode of ['reference', 'float'] as const) {
    it.each(names.filter((name) => !(name in REFUSED) && !DIFFERENT.includes(name)))(`%s, ${mode}`, (name) => runTest(name, mode))
  }

  it.each(Object.entries(REFUSED))('%s is refused', async (name, { code }) => {
    await expect(runTest(name, 'float')).rejects.toMatchObject({ name: 'Fault', code })
  })

  it.each(DIFFERENT)('%s still differs', async (name) => {
    await expect(runTest(name, 'reference')).rejects.toThrow('instead of')
  })
})
