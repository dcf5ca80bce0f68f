import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { unpickle, refuseAt } from '../../../main/intake/weights/pickle.ts'
import { readWeights } from '../../../main/intake/weights/load-weights.ts'
import { temporaryFolder } from '../../fixtures/temporary-folder.ts'
import { faultOf } from '../../fixtures/thrown-fault.ts'
import { call, dictionary, global, int, pickle, safetensors, storage, text, torchLegacy, torchZip, tuple } from '../../fixtures/torch-file.ts'

const folder = temporaryFolder()
const read = (bytes: Uint8Array) => unpickle(bytes, 0, refuseAt('x.pth')).value
const ascii = (line: string): number[] => [...Buffer.from(line)]
const tensorCall = (...given: number[][]): number[] => call(global('torch._utils', '_rebuild_tensor_v2'), tuple(...given))

test('plain values of every kind that torch.save writes', () => {
  expect(read(pickle(tuple(int(-5), [0x4b, 7], [0x4d, 1, 2], [0x8a, 2, 0, 255], [0x88], [0x89], [0x4e], text('é'), [0x47, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0])))).toEqual([-5, 7, 513, -256n, true, false, null, 'é', 1.5])
  expect(read(pickle(dictionary([['a', int(1)]])))).toEqual(new Map([['a', 1]]))
  // Memory: a list, remembered, twice in a tuple.
  expect(read(pickle([0x28, 0x5d, 0x71, 3, 0x68, 3, 0x74]))).toEqual([[], []])
})

/** Each wants Python to do something, or is no pickle of weights. */
const HOSTILE: Readonly<Record<string, number[]>> = {
  'os.system': call(global('os', 'system'), tuple(text('id'))),
  'posix.system': call(global('posix', 'system'), tuple(text('id'))),
  'builtins.eval': call(global('builtins', 'eval'), tuple(text('1'))),
  'builtins.exec by its stacked name': [...text('builtins'), ...text('exec'), 0x93, ...tuple(text('1')), 0x52],
  '__builtin__.getattr': call(global('__builtin__', 'getattr'), tuple(text('a'), text('b'))),
  'subprocess.Popen': call(global('subprocess', 'Popen'), tuple(text('id'))),
  'nt.system': call(global('nt', 'system'), tuple(text('calc'))),
  'torch.load': call(global('torch', 'load'), tuple(text('other.pth'))),
  'torch._utils._rebuild_tensor_v3': global('torch._utils', '_rebuild_tensor_v3'),
  'torch.hub.load': global('torch.hub', 'load'),
  'numpy.core.multiarray._reconstruct': global('numpy.core.multiarray', '_reconstruct'),
  'argparse.Namespace': call(global('argparse', 'Namespace'), tuple()),
  'a name that is in every object': global('torch', 'constructor'),
  'a name that objects inherit': global('', '__proto__'),
  'a class made (NEWOBJ)': [...global('collections', 'OrderedDict'), ...tuple(), 0x81],
  'a class made with keywords (NEWOBJ_EX)': [...global('collections', 'OrderedDict'), ...tuple(), 0x7d, 0x92],
  'an instance by INST': [0x28, 0x69, ...ascii('os\nsystem\n')],
  'an instance by OBJ': [0x28, ...global('collections', 'OrderedDict'), 0x6f],
  'an extension code': [0x82, 1],
  'state of an object that is no dictionary': [...int(1), 0x7d, 0x62],
  'a call of a text': [...text('os.system'), ...tuple(text('id')), 0x52],
  'a call of a storage type': call(global('torch', 'FloatStorage'), tuple(int(1))),
  'something outside that is no storage': [...text('file:///etc/passwd'), 0x51],
  'a storage of a type that is a function': [...tuple(text('storage'), global('torch._utils', '_rebuild_parameter'), text('0'), text('cpu'), int(1)), 0x51],
  'a tensor without storage': tensorCall(int(1), int(0), tuple(int(1)), tuple(int(1))),
  'a tensor of negative size': tensorCall(storage('0', 1), int(0), tuple(int(-1)), tuple(int(1))),
  'memory that is not there': [0x68, 9],
  'a value that is not there': [0x52],
  'a mark that is not there': [0x74],
  'an old text instruction': [0x53, ...ascii("'a'\n")],
  'a text longer than the file': [0x58, 255, 255, 255, 127],
}

describe('hostile pickles', () => {
  test.each(Object.entries(HOSTILE))('%s is refused, nothing is run', async (_name, code) => {
    expect(await faultOf(() => read(pickle(code)))).toMatchObject({ code: 'input.weights-file', where: 'x.pth' })
    const path = join(folder, 'hostile.pth')
    writeFileSync(path, torchZip({}, { data: pickle(code) }))
    expect(await faultOf(() => readWeights(path))).toMatchObject({ code: 'input.weights-file' })
  })

  test('what would be called is named', async () => {
    expect((await faultOf(() => read(pickle(HOSTILE['os.system']!)))).what).toBe('the file wants to call «os.system», which weights do not need: nothing was run')
  })
})

const A = Float32Array.from({ length: 12 }, (_, index) => index)

describe('files of weights', () => {
  const cases = {
    'a zip': () => torchZip({ 'a.weight': { dims: [3, 4], values: A }, b: { dims: [], values: A, offset: 5 }, turned: { dims: [4, 3], values: A, strides: [1, 4] } }),
    'a zip with the weights under a key': () => torchZip({ 'a.weight': { dims: [3, 4], values: A }, b: { dims: [], values: A, offset: 5 }, turned: { dims: [4, 3], values: A, strides: [1, 4] } }, { key: 'params' }),
    'pickles in a row': () => torchLegacy({ 'a.weight': { dims: [3, 4], values: A }, b: { dims: [], values: A, offset: 5 }, turned: { dims: [4, 3], values: A, strides: [1, 4] } }),
  }
  test.each(Object.entries(cases))('%s: views of storages become row-major values', async (_name, made) => {
    const path = join(folder, 'weights.pth')
    writeFileSync(path, made())
    const tensors = await readWeights(path)
    expect([...tensors.keys()]).toEqual(['a.weight', 'b', 'turned'])
    expect(tensors.get('a.weight')).toMatchObject({ type: 'float32', dims: [3, 4], data: A })
    expect(tensors.get('b')!.data).toEqual(Float32Array.of(5))
    expect(tensors.get('turned')!.data).toEqual(Float32Array.of(0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11))
  })

  test('safetensors', async () => {
    const path = join(folder, 'w.safetensors')
    writeFileSync(path, safetensors({ a: { dims: [3, 4], values: A }, b: { dims: [2], values: A.slice(0, 2) } }))
    const tensors = await readWeights(path)
    expect(tensors.get('a')).toMatchObject({ type: 'float32', dims: [3, 4], data: A })
    expect(tensors.get('b')!.data).toEqual(Float32Array.of(0, 1))
  })

  test.each([
    ['cut', (bytes: Uint8Array) => bytes.subarray(0, bytes.length - 3)],
    ['with bytes that nobody owns', (bytes: Uint8Array) => Uint8Array.from([...bytes, 0])],
    ['with a header longer than the file', (bytes: Uint8Array) => Uint8Array.from([255, 255, 255, 3, 0, 0, 0, 0, ...bytes.subarray(8)])],
  ])('safetensors %s are refused', async (_name, spoil) => {
    const path = join(folder, 'bad.safetensors')
    writeFileSync(path, spoil(safetensors({ a: { dims: [3, 4], values: A } })))
    expect(await faultOf(() => readWeights(path))).toMatchObject({ code: 'input.weights-file', where: path })
  })

  test('every cut of a PyTorch file is refused or missing nothing', async () => {
    const [zip, legacy] = [torchZip({ a: { dims: [3, 4], values: A } }), torchLegacy({ a: { dims: [3, 4], values: A } })]
    for (const whole of [zip, legacy]) {
      for (let length = 4; length < whole.length; length += 7) {
        const path = join(folder, 'cut.pth')
        writeFileSync(path, whole.subarray(0, length))
        expect((await faultOf(() => readWeights(path))).code, `${length} of ${whole.length} bytes`).toBe('input.weights-file')
      }
    }
  })

  test('a view that reaches beyond its storage, several dictionaries, another file', async () => {
    const path = join(folder, 'w.pth')
    writeFileSync(path, torchZip({ a: { dims: [3, 5], values: A } }))
    expect((await faultOf(() => readWeights(path))).what).toContain('«a» reaches beyond its values')
    writeFileSync(path, torchZip({ a: { dims: [12], values: A } }, { key: 'params' }))
    expect(await faultOf(() => readWeights(path, 'ema'))).toMatchObject({ what: 'it has no weights under «ema»', next: 'Say `key: params` in the rules.' })
    writeFileSync(path, 'not weights')
    expect((await faultOf(() => readWeights(path))).what).toBe('this is neither .safetensors, nor .npz, nor a PyTorch file')
    expect((await faultOf(() => readWeights(join(folder, 'none.pth')))).code).toBe('input.missing-file')
  })
})
