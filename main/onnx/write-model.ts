import { create } from '@bufbuild/protobuf'
import { createHash } from 'node:crypto'
import { basename, dirname, join } from 'node:path'
import { writeFileAtomic } from '../core/files.ts'
import { encodeModel, encodeProto, MAX_MODEL_BYTES, modelProtoOf } from './encode.ts'
import type { Graph } from './graph.ts'
import { GraphProtoSchema, ModelProtoSchema, StringStringEntryProtoSchema, TensorProtoSchema } from './onnx_pb.ts'
import type { TensorProto } from './onnx_pb.ts'
import { EXTERNAL, rawBytes, tensorOf } from './tensor-proto.ts'

export interface WriteOptions {
  /** Weights of together this many bytes or more go into a second file; default: where one file cannot hold them. */
  readonly externalThreshold?: number
}

/** Smaller tensors (shapes, scales) stay inside, where shape inference can see them. */
const MIN_EXTERNAL_BYTES = 1024
/** Readers map the file into memory, which wants whole pages (ONNX, "External data"). */
const PAGE = 4096
/** Room for everything that is not weights. */
const RESERVE = 2 ** 27

/**
 * Writes a model, whole or not at all, and returns the files written: the model, and beside it `<name>-<hash>.data` where the
 * weights went there. The data file is named after its content and written first, so a model at `path` stays whole until the
 * moment it is replaced. Throws `workspace.*` where the disk refuses.
 */
export async function writeModel(path: string, graph: Graph, options: WriteOptions = {}): Promise<string[]> {
  const weights = [...graph.initializers.values()].reduce((sum, tensor) => sum + (Array.isArray(tensor.data) ? 0 : tensor.data.byteLength), 0)
  if (weights < (options.externalThreshold ?? MAX_MODEL_BYTES - RESERVE)) {
    await writeFileAtomic(path, encodeModel(graph))
    return [path]
  }
  const base = modelProtoOf(graph)
  const chunks: Uint8Array[] = []
  const hash = createHash('sha256')
  let end = 0
  const append = (bytes: Uint8Array): number => {
    const padding = new Uint8Array((PAGE - (end % PAGE)) % PAGE)
    const start = end + padding.length
    for (const chunk of [padding, bytes]) {
      hash.update(chunk)
      chunks.push(chunk)
    }
    end = start + bytes.length
    return start
  }
  const placed = base.graph!.initializer.map((proto) => {
    const bytes = outsideBytes(proto)
    return bytes === null ? { proto } : { proto, offset: append(bytes), length: bytes.length }
  })
  const location = `${basename(path).replace(/\.onnx$/, '')}-${hash.digest('hex').slice(0, 12)}.data`
  const initializer = placed.map(({ proto, offset, length }) => (offset === undefined ? proto : outside(proto, location, offset, length)))
  const inner = Object.assign(create(GraphProtoSchema), base.graph, { initializer })
  const model = Object.assign(create(ModelProtoSchema), base, { graph: inner })
  const dataPath = join(dirname(path), location)
  await writeFileAtomic(dataPath, chunks)
  await writeFileAtomic(path, encodeProto(model))
  return [path, dataPath]
}

/** The raw bytes of a tensor that may lie outside; null where it is small or has none. */
function outsideBytes(proto: TensorProto): Uint8Array | null {
  if (proto.stringData.length > 0) return null
  const bytes = proto.rawData.length > 0 ? proto.rawData : rawBytes(tensorOf(proto, proto.name))
  return bytes.length < MIN_EXTERNAL_BYTES ? null : bytes
}

function outside(proto: TensorProto, location: string, offset: number, length: number): TensorProto {
  const entry = (key: string, value: string | number) => create(StringStringEntryProtoSchema, { key, value: String(value) })
  return create(TensorProtoSchema, {
    dims: proto.dims, dataType: proto.dataType, name: proto.name, ...(proto.docString === '' ? {} : { docString: proto.docString }),
    metadataProps: proto.metadataProps, dataLocation: EXTERNAL,
    externalData: [entry('location', location), entry('offset', offset), entry('length', length)],
    ...(proto.$unknown === undefined ? {} : { $unknown: proto.$unknown }),
  })
}
