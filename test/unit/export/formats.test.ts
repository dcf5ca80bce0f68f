import { describe, expect, it } from 'vitest'
import { FORMATS, formatFaults } from '../../../main/export/formats/index.ts'
import { overrides, rangesCache } from '../../../main/export/formats/onnxruntime.ts'
import { encodings061, encodings100, encodings200, offsetOf } from '../../../main/export/formats/qnn.ts'
import { calibrationTable, quantizationTable, rowName } from '../../../main/export/formats/sophon.ts'
import { tengineTable } from '../../../main/export/formats/tables.ts'
import { calibrationCache, dynamicRanges } from '../../../main/export/formats/tensorrt.ts'
import { recipe as tfliteRecipe, tensorTable } from '../../../main/export/formats/tflite.ts'
import { parseCsv } from '../../../main/core/csv.ts'
import { codesOf, coveredBy, isActivation, type TensorQuant } from '../../../main/export/record.ts'
import type { Subject } from '../../../main/export/subject.ts'
import { float32Hex, plainDecimal, shortFloat } from '../../../main/export/written.ts'
import { CASES, randomRecords } from '../../fixtures/random-records.ts'
import { aimet061, aimet100, aimet200, ortOverrides, ortRanges, tengineScale, tensorrtCache, tpuQtable, tpuTableCpp, tpuTablePython } from '../../fixtures/vendor-readers.ts'

const records = randomRecords(CASES)
const activations = records.filter(isActivation)
const amaxOf = ({ range }: TensorQuant): number => Math.max(...range.map(Math.abs))
const wide = ({ range: [lo, hi] }: TensorQuant): boolean => lo !== 0 || hi !== 0
const record = (changes: Partial<TensorQuant> = {}): TensorQuant =>
  ({ name: 'x', role: 'activation', bits: 8, signed: true, symmetric: true, axis: null, scale: [0.5], zeroPoint: [0], observed: [-60, 60], range: [-63.5, 63.5], method: 'max', samples: 9, node: 'n', op: 'Conv', ...changes })

describe('the cali_table of tpu-mlir', () => {
  const readable = activations.filter((one) => !/\s|^#|asym_op|int4_op/.test(rowName(one)))
  const text = calibrationTable({ records, samples: 100, method: 'kl' })

  it('says the same to both of its readers, within seven digits, for every name that they can read', () => {
    const [cpp, python] = [tpuTableCpp(text), tpuTablePython(text)]
    expect(formatFaults('tpu-mlir-table', text)).toEqual([])
    expect([...cpp.keys()]).toEqual(readable.map(rowName))
    expect(python).toEqual(cpp)
    for (const one of readable) {
      const row = cpp.get(rowName(one))!
      const near = (wanted: number): number => Math.max(5.1e-8, Math.abs(wanted) * 1e-15)
      expect(Math.abs(row.threshold - Math.max(amaxOf(one), 1e-5)), one.name).toBeLessThanOrEqual(near(amaxOf(one)))
      expect(Math.abs(row.min - one.range[0])).toBeLessThanOrEqual(near(one.range[0]))
      expect(Math.abs(row.max - one.range[1])).toBeLessThanOrEqual(near(one.range[1]))
    }
  })

  it.each([
    ['a plus sign', 'a_Conv 1e+20 -1.0 1.0\n'], ['a capital exponent', 'b_Conv 1.5E3 0 2\n'], ['no number', 'c_Conv nan 0 1\n'], ['a blank at the end', 'd_Conv 1.0 0 1 \n'],
    ['tabs', 'e_Conv\t1.0\t0\t1\n'], ['a blank in the name', 'f g_Conv 1.0 0 1\n'], ...['asym_op', 'int4_op', '#weight_scale', '#int4_th', '#tpu-mlir-fp8', 'mqbench-fp8'].map((word) => [`a comment with ${word}`, `# our ${word} rows\n`]), ['a name that begins a comment and its row', '#lead_Conv 1.0 0 1\nx\n'], ['min above max', 'm_Conv 1.0 1 0\n'], ['no end', 'm_Conv 1.0 0 1'], ['a Windows line', 'h_Conv 1.0 0 1\r\n'], ['no range at all', 'i_Conv 0.0000000 0.0 0.0\n'],
  ])('is refused by our own reader for %s', (_what, text_) => {
    expect(formatFaults('tpu-mlir-table', text_)).not.toEqual([])
  })

  it.each(['a b', 'a\tb', '#lead', 'my_asym_op', 'int4_op', 'x#weight_scale', '#int4_th', '#tpu-mlir-fp8', 'mqbench-fp8'])('has no row for a tensor called %j, and the export says so', (name) => {
    const one = record({ name })
    expect(calibrationTable({ records: [one], samples: 1, method: 'max' }).split('\n').filter((line) => line !== '' && !/^#(?!lead)/.test(line))).toEqual([])
    expect(FORMATS.find((format) => format.name === 'sophon')!.checks({ records: [one] } as unknown as Subject, { chip: 'bm1684x' }).find(({ id }) => id === 'names')).toMatchObject({ state: 'error', where: [rowName(one)] })
  })
  it('lifts a range of zero, and one that seven digits cannot hold, to what its readers take', () => {
    const rows = tpuTableCpp(calibrationTable({ records: [record({ name: 'z', range: [0, 0] }), record({ name: 'd', range: [-1e-38, 1e-38] }), record({ name: 'n', range: [-0, 1] })], samples: 1, method: 'k l;#asym_op' }))
    expect([...rows]).toEqual([['z_Conv', { threshold: 1e-5, min: 0, max: 0 }], ['d_Conv', { threshold: 1e-5, min: 0, max: 0 }], ['n_Conv', { threshold: 1, min: 0, max: 1 }]])
  })

  it('is read as we say the vendor’s readers do: what one of them drops, ours refuses', () => {
    expect(tpuTableCpp('a_Conv 1e+20 -1 1\nb_Conv 1.5E3 0 2\nok 1.0 0 1\n').size).toBe(1)
    expect(() => tpuTablePython('e_Conv\t1.0\t0\t1\n')).toThrow()
  })
})

describe('the qtable of tpu-mlir', () => {
  it.each([['bm1684', 'F32'], ['bm1684x', 'F16'], ['bm1688', 'F16'], ['cv186x', 'F16'], ['cv18xx', 'BF16'], ['cv181x', 'BF16']])('of %s names float nodes and 16-bit ones %s', (chip, mode) => {
    const floatNodes = [{ node: 'head', op: 'Softmax', output: '/head/out' }, { node: 'odd', op: 'Add', output: 'a b' }]
    const text = quantizationTable({ floatNodes, records: [record({ bits: 16 }), record({ name: 'y' })] }, { chip })
    expect(Object.fromEntries(tpuQtable(text))).toEqual({ '/head/out_Softmax': mode, x_Conv: mode })
    expect(formatFaults('tpu-mlir-qtable', text)).toEqual([])
  })
  it('with a mode that no chip has is refused', () => expect(formatFaults('tpu-mlir-qtable', 'x INT9\n')).toHaveLength(1))
})

describe('AIMET and QNN encodings', () => {
  it('come back as the same grid from all three versions', () => {
    const [oldest, usual, newest] = [aimet061(encodings061(records)), aimet100(encodings100(records)), aimet200(encodings200(records))]
    const told = records.filter((one) => !isActivation(one) || wide(one))
    for (const map of [oldest, usual, newest]) expect(map.size).toBe(told.length)
    for (const one of told) {
      const [min, max] = codesOf(one)
      for (const { scale, offset } of [oldest.get(one.name)!, usual.get(one.name)!]) {
        expect(scale).toEqual(one.scale)
        // real of unsigned code 0 and of the greatest must be those of our least and greatest code
        for (const [channel, zero] of one.zeroPoint.entries()) {
          expect((0 + offset[channel]!) * scale[channel]! + 0).toBe((min - zero) * one.scale[channel]! + 0)
          expect((2 ** one.bits - 1 + offset[channel]!) * scale[channel]!).toBe((max - zero) * one.scale[channel]!)
        }
      }
      const { min: least, max: greatest } = oldest.get(one.name)!
      expect([least[0]! + 0, greatest[0]]).toEqual(coveredBy(one).map((value) => value + 0))
      expect(newest.get(one.name)).toEqual({ type: `${one.signed ? '' : 'u'}int${one.bits}`, scale: one.scale, zero: one.zeroPoint, axis: one.axis })
    }
    for (const [format, text] of [['aimet-0.6.1', encodings061(records)], ['aimet-1.0.0', encodings100(records)], ['aimet-2.0.0', encodings200(records)]] as const) expect(formatFaults(format, text), format).toEqual([])
  })

  it.each([[4, 8, 16].flatMap((bits) => [true, false].flatMap((signed) => [0, 3].map((zero) => ({ bits, signed, zero }))))].flat())('of $bits bits, signed $signed, zero point $zero recompute the range', ({ bits, signed, zero }) => {
    const one = record({ bits: bits as 8, signed, zeroPoint: [zero], scale: [Math.fround(0.0185014)] })
    const offset = offsetOf(one)
    expect(Math.fround(one.scale[0]! * offset)).toBe(Math.fround(coveredBy(one)[0]))
    expect(Math.fround(one.scale[0]! * (offset + 2 ** bits - 1))).toBe(Math.fround(coveredBy(one)[1]))
  })

  it('agree with AIMET’s own sample, and refuse a positive offset', () => {
    const text = encodings061([record({ signed: false, symmetric: false, zeroPoint: [114], scale: [0.0185014] })])
    const { min, max } = aimet061(text).get('x')!
    expect(min[0]).toBeCloseTo(-2.1092, 4)
    expect(max[0]).toBeCloseTo(2.6087, 4)
    expect(formatFaults('aimet-0.6.1', text.replace('"offset": -114', '"offset": 114'))).toHaveLength(1)
  })
})

describe('poisoned encodings are refused:', () => {
  const one = record({ name: 'w', role: 'weight', axis: 0, symmetric: false, scale: [0.5, 0.25], zeroPoint: [1, 0] })
  const [oldest, usual, newest] = [encodings061([one]), encodings100([one]), encodings200([one])]
  it.each([
    ['0.6.1 of another version', 'aimet-0.6.1', usual], ['0.6.1 with a truth value', 'aimet-0.6.1', oldest.replaceAll('"False"', 'false')], ['0.6.1 with no entry', 'aimet-0.6.1', '{"version":"0.6.1","activation_encodings":{"x":[]},"param_encodings":{}}'], ['0.6.1 without a part', 'aimet-0.6.1', '{"version":"0.6.1","activation_encodings":{}}'],
    ['0.6.1 with a scale of zero', 'aimet-0.6.1', oldest.replace('"scale": 0.5', '"scale": 0')], ['0.6.1 whose min is above zero', 'aimet-0.6.1', oldest.replace(/"min": -[\d.]+/, '"min": 1')],
    ['1.0.0 of another version', 'aimet-1.0.0', oldest], ['1.0.0 with fewer offsets', 'aimet-1.0.0', usual.replace(/"offset": \[\s+-?\d+,/, '"offset": [')], ['1.0.0 with a scale of zero', 'aimet-1.0.0', usual.replace('0.25', '0')], ['1.0.0 with a word', 'aimet-1.0.0', usual.replace('"is_sym": false', '"is_sym": "False"')], ['1.0.0 per tensor with two', 'aimet-1.0.0', usual.replace('PER_CHANNEL', 'PER_TENSOR')],
    ['2.0.0 of another version', 'aimet-2.0.0', usual], ['2.0.0 with two scales and no axis', 'aimet-2.0.0', newest.replace(/,\s+"axis": 0/, '')], ['2.0.0 with fewer zero points', 'aimet-2.0.0', newest.replace(/"y_zero_point": \[\s+1,/, '"y_zero_point": [')], ['2.0.0 of no type', 'aimet-2.0.0', newest.replace('int8', 'int7')], ['2.0.0 without a name', 'aimet-2.0.0', newest.replace('"name"', '"nam"')],
    ['a range cache of SmoothQuant', 'ort-ranges', rangesCache([record()]).replace('"smooth_quant": false', '"smooth_quant": true')], ['a range cache of another class', 'ort-ranges', '{"CLS":"Tensors"}'], ['a range beside zero', 'ort-ranges', rangesCache([record()]).replace(/"lowest": -[\d.]+/, '"lowest": 1')], ['a range of zero', 'ort-ranges', rangesCache([record()]).replace(/"lowest": -[\d.]+/, '"lowest": 0').replace(/"highest": [\d.]+/, '"highest": 0')],
    ['overrides without an axis', 'ort-overrides', overrides([one]).replace(/"axis": 0,\s+/, '')], ['overrides with a key that nobody reads', 'ort-overrides', overrides([record()]).replace('"scale"', '"skale"')], ['overrides of no type', 'ort-overrides', overrides([record()]).replace('QInt8', 'QInt7')], ['overrides of nothing', 'ort-overrides', '{"x":[]}'],
    ['a Tengine table with tabs', 'tengine-scale', 'x\t1\t0\n'], ['a Tengine scale of zero', 'tengine-scale', 'x 0 0\n'], ['a Tengine row without zero point', 'tengine-scale', 'x 1\n'],
    ['a LiteRT table with a scale of zero', 'tflite-table', tensorTable([record()]).replace(',0.5,', ',0,')], ['a LiteRT zero point off its grid', 'tflite-table', tensorTable([record()]).replace(',0.5,0,', ',0.5,200,')], ['a LiteRT table of other columns', 'tflite-table', 'a,b\n'],
    ['JSON that is cut', 'json', '{"a":'], ['a format that nobody knows', 'magic', ''],
  ])('%s', (_what, format, text) => {
    // The poison is in it: what it was made of is read.
    expect([oldest, usual, newest].filter((sound) => sound === text && text.includes(`"version": "${format.slice(6)}"`))).toEqual([])
    expect(formatFaults(format, text)).not.toEqual([])
  })
})

describe('TensorRT', () => {
  const text = calibrationCache(records, 'TRT-8601-EntropyCalibration2')

  it('reads every range back from the cache to a float32; names with a colon and zero ranges are not in it', () => {
    const read = tensorrtCache(text)
    const wanted = activations.filter((one) => wide(one) && !one.name.includes(':') && Math.fround(amaxOf(one) / 127) > 0 && Math.fround(amaxOf(one) / 127) < Infinity)
    expect([...read.keys()]).toEqual(wanted.map(({ name }) => name))
    for (const one of wanted) expect(read.get(one.name)! / amaxOf(one)).toBeCloseTo(1, amaxOf(one) < 1e-30 ? 0 : 6)
    expect(formatFaults('tensorrt-cache', text)).toEqual([])
  })
  it('gets the digits of the document', () => expect(calibrationCache([record({ name: 'x', range: [-1, 1] }), record({ name: 'c', range: [-2.5, 1] })], 'TRT-8601-EntropyCalibration2')).toBe('TRT-8601-EntropyCalibration2\nx: 3c010204\nc: 3ca14285\n'))
  it.each(['TRT-1\nx: 00000000\n', 'TRT-1\na:b: 3c010204\n', 'x: 3c010204\n', 'TRT-1\nx: 3C010204\n', 'TRT-1\nx: 3c010204'])('does not get %j', (poison) => expect(formatFaults('tensorrt-cache', poison)).not.toEqual([]))
  it('gets amax, not the upper end, as JSON', () => {
    expect(JSON.parse(dynamicRanges([record({ range: [-5, 2] })]))).toEqual({ act_quant_info: { x: 5 } })
    expect(formatFaults('dynamic-ranges', dynamicRanges(records))).toEqual([])
  })
})

describe('ONNX Runtime', () => {
  it('computes our scale and zero point from the ranges, and reads the overrides as they are', () => {
    const ranges = ortRanges(rangesCache(records))
    for (const one of activations.filter((each) => each.axis === null && wide(each))) {
      const [lo, hi] = ranges.get(one.name)!
      const [min, max] = codesOf(one)
      // compute_scale_zp of the library: symmetric over ±max with 2^b − 2 steps, else over all codes
      const [scale, zero] = one.symmetric ? [(2 * Math.max(-lo, hi)) / (2 ** one.bits - 2), one.zeroPoint[0]] : [(hi - lo) / (max - min), Math.round(min - lo / ((hi - lo) / (max - min)))]
      expect(scale / one.scale[0]!).toBeCloseTo(1, 6)
      expect(zero).toBe(one.zeroPoint[0])
    }
    const read = ortOverrides(overrides(records))
    for (const one of records.filter(({ role }) => role !== 'bias')) expect(read.get(one.name)).toEqual({ type: `Q${one.signed ? '' : 'U'}Int${one.bits}`, axis: one.axis, scale: one.scale, zero: one.zeroPoint })
    expect(formatFaults('ort-overrides', overrides(records))).toEqual([])
    expect(formatFaults('ort-ranges', rangesCache(records))).toEqual([])
  })
  it('would pass a file whose second tensor is nonsense; ours does not', () => {
    const document = JSON.parse(overrides([record(), record({ name: 'y' })])) as Record<string, Record<string, unknown>[]>
    document['y']![0]!['scale'] = -1
    expect(formatFaults('ort-overrides', JSON.stringify(document))).toEqual(['y[0]: scale is wrong'])
  })
})

describe('tables', () => {
  it('of Tengine hold scale and zero point, to a float32', () => {
    const tengine = tengineScale(tengineTable(records))
    expect(formatFaults('tengine-scale', tengineTable(records))).toEqual([])
    for (const one of activations.filter(({ name }) => !/\s/.test(name))) expect(tengine.get(one.name)).toEqual([Number(shortFloat(one.scale[0]!)), one.zeroPoint[0]! + 0])
  })
  it('of TFLite count from the middle, and names that are patterns stay names', () => {
    const rows = parseCsv(tensorTable(records), 't').slice(1)
    for (const [index, one] of activations.entries()) expect(rows[index]!.cells.slice(0, 4)).toEqual([one.name, `int${one.bits}`, String(one.scale[0]), String(one.zeroPoint[0]! - (one.signed ? 0 : 2 ** (one.bits - 1)))])
    const text = tfliteRecipe({ floatNodes: [{ node: 'n', op: 'Add', output: 'a.b[0]' }], records })
    const rules = JSON.parse(text) as { regex: string; algorithm_key: string }[]
    expect(new RegExp(`^${rules[1]!.regex}$`, 'u').test('a.b[0]')).toBe(true)
    expect(new RegExp(`^${rules[1]!.regex}$`, 'u').test('axb0')).toBe(false)
    expect(formatFaults('ai-edge-recipe', text)).toEqual([])
  })
})

it('numbers are written as the strictest reader takes them', () => {
  expect([1e-38, -0, 1e30, 1.5, -1e-9, 255].map(plainDecimal)).toEqual(['0.0000000', '0.0000000', '1000000000000000019884624838656.0000000', '1.5000000', '0.0000000', '255.0000000'])
  expect(float32Hex(1 / 127)).toBe('3c010204')
  for (const value of [0.1, 1 / 3, 3e38, 1e-40]) expect(Math.fround(Number(shortFloat(value)))).toBe(Math.fround(value))
  expect(() => plainDecimal(NaN)).toThrow()
})
