import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import { Fault } from '../../core/fault.ts'

/** Values of one blob. Old files give four sizes, new ones any number. */
export interface Blob {
  readonly dims: readonly number[]
  readonly data: Float32Array
}

/** Numbers of the fields that are read, as in Caffe's caffe.proto. */
const NET = { oldLayers: 2, layers: 100 } as const
const LAYER = { name: 1, blobs: 7 } as const
const OLD_LAYER = { oldest: 1, name: 4, blobs: 6 } as const
const BLOB = { num: 1, width: 4, data: 5, shape: 7, doubleData: 8 } as const

/** What a .caffemodel has learned: blobs by the name of their layer. Throws `model.caffe-weights`. */
export function readCaffemodel(bytes: Uint8Array, where: string): Map<string, readonly Blob[]> {
  const layers = new Map<string, readonly Blob[]>()
  try {
    each(bytes, (field, wire, reader) => {
      if ((field !== NET.layers && field !== NET.oldLayers) || wire !== WireType.LengthDelimited) return false
      const layer = layerOf(reader.bytes(), field === NET.layers ? LAYER : OLD_LAYER)
      if (layer.blobs.length > 0) layers.set(layer.name, layer.blobs)
      return true
    })
  } catch (error) {
    if (error instanceof Fault) throw error
    throw new Fault({ code: 'model.caffe-weights', where, what: `this is not a whole .caffemodel (${error instanceof Error ? error.message : String(error)})`, next: 'Copy the file again; it is the binary file that belongs to the prototxt.' }, { cause: error })
  }
  if (layers.size === 0) throw new Fault({ code: 'model.caffe-weights', where, what: 'no layer in it has learned anything', next: 'Give the .caffemodel that training wrote.' })
  return layers
}

/** Reads a message; what `take` does not take is skipped. */
function each(bytes: Uint8Array, take: (field: number, wire: WireType, reader: BinaryReader) => boolean): void {
  const reader = new BinaryReader(bytes)
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag()
    if (!take(field, wire, reader)) reader.skip(wire, field)
    if (reader.pos > reader.len) throw new Error('it is cut short')
  }
}

function layerOf(bytes: Uint8Array, at: { readonly name: number; readonly blobs: number; readonly oldest?: number }): { name: string; blobs: Blob[] } {
  const layer = { name: '', blobs: [] as Blob[] }
  each(bytes, (field, wire, reader) => {
    if (wire !== WireType.LengthDelimited) return false
    if (field === at.oldest) throw new Error('it is of the oldest kind of Caffe: take it through upgrade_net_proto_binary first')
    if (field === at.name) layer.name = reader.string()
    else if (field === at.blobs) layer.blobs.push(blobOf(reader.bytes()))
    else return false
    return true
  })
  return layer
}

function blobOf(bytes: Uint8Array): Blob {
  const old: number[] = []
  let dims: number[] | undefined
  const parts: Float32Array[] = []
  each(bytes, (field, wire, reader) => {
    if (field >= BLOB.num && field <= BLOB.width && wire === WireType.Varint) old[field - BLOB.num] = reader.int32()
    else if (field === BLOB.data && wire === WireType.LengthDelimited) parts.push(new Float32Array(new Uint8Array(reader.bytes()).buffer))
    else if (field === BLOB.data && wire === WireType.Bit32) parts.push(Float32Array.of(reader.float()))
    else if (field === BLOB.doubleData && wire === WireType.LengthDelimited) parts.push(Float32Array.from(new Float64Array(new Uint8Array(reader.bytes()).buffer)))
    else if (field === BLOB.shape && wire === WireType.LengthDelimited) dims = shapeOf(reader.bytes())
    else return false
    return true
  })
  const data = parts.length === 1 ? parts[0]! : Float32Array.from(parts.flatMap((part) => [...part]))
  const given = dims ?? (old.length > 0 ? Array.from({ length: 4 }, (_, axis) => old[axis] ?? 1) : [data.length])
  if (given.reduce((product, dim) => product * dim, 1) !== data.length) throw new Error(`a blob of [${given.join(', ')}] holds ${data.length} values`)
  return { dims: given, data }
}

function shapeOf(bytes: Uint8Array): number[] {
  const dims: number[] = []
  each(bytes, (field, wire, reader) => {
    if (field !== 1) return false
    if (wire === WireType.Varint) dims.push(Number(reader.int64()))
    else {
      const inner = new BinaryReader(reader.bytes())
      while (inner.pos < inner.len) dims.push(Number(inner.int64()))
    }
    return true
  })
  return dims
}
