import { clearField } from '@bufbuild/protobuf'
import { createHash } from 'node:crypto'
import { open, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { Fault } from '../core/fault.ts'
import { sha256 } from '../core/hash.ts'
import { checkFinite, checkOperators } from './check-model.ts'
import { decodeModel, graphOf, parseModel } from './decode.ts'
import { MAX_MODEL_BYTES } from './encode.ts'
import { externalRanges, readRanges } from './external-data.ts'
import type { Graph } from './graph.ts'
import { MODEL_LIMITS } from './limits.ts'
import type { ModelLimits } from './limits.ts'
import { TensorProtoSchema } from './onnx_pb.ts'
import type { ModelProto } from './onnx_pb.ts'
import { checkTensorSize, EXTERNAL } from './tensor-proto.ts'
import { tensorsIn } from './walk.ts'

/** A model as it lies on disk and as a graph. */
export interface ModelFile {
  readonly path: string
  /** The .onnx file. */
  readonly bytes: Uint8Array
  /** Of the file; where weights lie in other files, over the file's hash and theirs (only the bytes that are used). */
  readonly sha256: string
  /** As the file has it; external data stays external. */
  readonly proto: ModelProto
  /** With all weights inside: encodeModel makes a model of it that stands alone. */
  readonly graph: Graph
  /** Files of weights, relative to the model's folder. */
  readonly externalFiles: readonly string[]
}

/**
 * Reads and checks a model. Throws `input.*` where the path is no readable file and `model.*` for everything that is wrong inside:
 * no model, truncated, beyond the limits, cycles, dangling or duplicate names, tensors that do not fit their dims, NaN and infinite
 * weights, external data that is missing, too short or not inside the model's folder, and operators that are refused.
 */
export async function readModel(path: string, limits: ModelLimits = MODEL_LIMITS): Promise<ModelFile> {
  const bytes = await readModelBytes(path)
  const proto = decodeModel(bytes, path, limits)
  checkOperators(proto, path)
  const ranges = externalRanges(tensorsIn(proto), path)
  for (const { proto: tensor, place } of tensorsIn(proto)) {
    if (tensor.dataLocation !== EXTERNAL) checkTensorSize(tensor, `${path}: ${place}`)
  }
  if (ranges.length === 0) {
    const graph = graphOf(proto, path)
    checkFinite(graph, path)
    return { path, bytes, sha256: sha256(bytes), proto, graph, externalFiles: [] }
  }
  const contents = await readRanges(path, ranges, limits.totalBytes - bytes.length)
  const graph = graphOf(withValuesInside(parseModel(bytes, path, limits), contents), path)
  checkFinite(graph, path)
  const hash = createHash('sha256').update(sha256(bytes))
  for (const content of contents) hash.update(sha256(content))
  const externalFiles = [...new Set(ranges.map((range) => range.location))].toSorted()
  return { path, bytes, sha256: hash.digest('hex'), proto, graph, externalFiles }
}

/** Puts contents, in the order of tensorsIn, where the model pointed outside. Changes `model`. */
function withValuesInside(model: ModelProto, contents: readonly Uint8Array[]): ModelProto {
  let next = 0
  for (const range of externalRanges(tensorsIn(model), '')) {
    range.proto.rawData = contents[next++]!
    range.proto.externalData = []
    clearField(range.proto, TensorProtoSchema.field.dataLocation)
  }
  return model
}

const PATH_FAULTS: Record<string, { code: `input.${string}`; what: string; next: string }> = {
  ENOENT: { code: 'input.missing-file', what: 'there is no such file', next: 'Check the path of the model.' },
  ENOTDIR: { code: 'input.missing-file', what: 'there is no such file', next: 'Check the path of the model.' },
  EACCES: { code: 'input.no-access', what: 'the file may not be read', next: 'Change its permissions, or copy it.' },
  EISDIR: { code: 'input.folder', what: 'this is a folder, not a model', next: 'Give the .onnx file inside it.' },
}

async function readModelBytes(path: string): Promise<Uint8Array> {
  let file: FileHandle | undefined
  try {
    // Looked at before it is opened: opening a named pipe would wait for a writer.
    const stats = await stat(path)
    if (stats.isDirectory()) throw Object.assign(new Error(path), { code: 'EISDIR' })
    if (!stats.isFile()) throw new Fault({
      code: 'input.not-a-file', what: 'this is not a regular file', where: path, next: 'Give a .onnx file.',
    })
    if (stats.size > MAX_MODEL_BYTES) {
      throw new Fault({
        code: 'model.too-large', what: 'the file has 2 GiB or more, which no ONNX file can', where: path,
        next: 'Save the model with external data.',
      })
    }
    file = await open(path, 'r')
    return await file.readFile()
  } catch (error) {
    const known = PATH_FAULTS[(error as NodeJS.ErrnoException).code ?? '']
    throw known === undefined ? error : new Fault({ ...known, where: path }, { cause: error })
  } finally {
    await file?.close()
  }
}
