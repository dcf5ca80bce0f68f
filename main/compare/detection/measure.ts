import { Fault } from '../../core/fault.ts'
import { shortHash } from '../../core/hash.ts'
import type { DetectionSettings } from '../../core/score.ts'
import { float32, integers, isFloat } from '../../onnx/tensor.ts'
import type { Sample } from '../../samples/sample.ts'
import type { Measure } from '../measure.ts'
import type { VersionOutput } from '../scores.ts'
import { averagePrecision, type JudgedPicture } from './average-precision.ts'
import type { Box, Detection, TruthBox } from './box.ts'
import { decodeBoxes, type Decoded, type Outputs } from './decode.ts'
import { suppressed } from './nms.ts'

/** The boxes of a picture, and where they are written. */
export interface PictureTruth {
  readonly boxes: readonly TruthBox[]
  readonly where: string
}

export interface DetectionFacts {
  /** Height and width that the model's input has; null: as the sample's. */
  readonly size: readonly [number, number] | null
  /** By sample id. Absent: only the agreement with the float model's boxes is measured. */
  readonly truth?: ReadonlyMap<string, PictureTruth>
}

/** IoU from 0.50 to 0.95. */
const COCO_STEPS = Array.from({ length: 10 }, (_, step) => (50 + 5 * step) / 100)

/**
 * Average precision in percent: `ap` (COCO, IoU 0.50 to 0.95), `ap50`, `ap75`; `ap50` alone by the VOC rules. With labels against these,
 * and always as `agreement/…` against the float model's boxes. Boxes are judged in pixels of the pictures' files.
 */
export function detectionMeasures(settings: DetectionSettings, { size, truth }: DetectionFacts): Measure<JudgedPicture>[] {
  const found = new WeakMap<VersionOutput, readonly Detection[]>()
  const detectionsOf = (output: VersionOutput, sample: Sample): readonly Detection[] => {
    const known = found.get(output) ?? detect(settings, output, sample, size, truth?.get(sample.id))
    found.set(output, known)
    return known
  }
  const { decode, ap, score, nms, most, agreement } = settings
  const how = `${ap}/${decode.kind}@${shortHash(decode)}/score${score}/nms${nms}/most${most}`
  const rules = ap === 'coco' ? [['ap', COCO_STEPS], ['ap50', [0.5]], ['ap75', [0.75]]] as const : [['ap50', [0.5]]] as const
  const measure = (id: string, steps: readonly number[], isRelative: boolean, truthOf: (float: VersionOutput, sample: Sample) => readonly TruthBox[]): Measure<JudgedPicture> => ({
    id, unit: '%', isRelative, needsPicture: false, keepsSamples: isRelative && steps === rules[0]![1],
    evidence: (output, float, sample) => ({ detections: detectionsOf(output, sample), truth: truthOf(float, sample) }),
    total(pictures) {
      const values = steps.map((iou) => averagePrecision(pictures, { rule: ap, iou, most }))
      return { mean: values.includes(null) ? null : (100 * values.reduce<number>((sum, value) => sum + value!, 0)) / values.length, infinite: 0 }
    },
  })
  const labels = truth && shortHash([...truth].map(([id, { boxes }]) => [id, boxes]))
  const floatBoxes = (float: VersionOutput, sample: Sample): TruthBox[] => detectionsOf(float, sample).filter(({ score: own }) => own >= agreement).map(({ x1, y1, x2, y2, label }) => ({ x1, y1, x2, y2, label, ignored: false, crowd: false }))
  return [
    ...(truth === undefined ? [] : rules.map(([name, steps]) => measure(`${name}/${how}/labels@${labels}`, steps, false, (_, sample) => truth.get(sample.id)?.boxes ?? []))),
    ...rules.map(([name, steps]) => measure(`agreement/${name}/${how}/float${agreement}`, steps, true, floatBoxes)),
  ]
}

function detect({ decode, score, nms, most }: DetectionSettings, output: VersionOutput, sample: Sample, size: readonly [number, number] | null, truth: PictureTruth | undefined): readonly Detection[] {
  const input = size ?? (sample.picture && [sample.picture.height, sample.picture.width] as const)
  if (!input) throw new Fault({ code: 'recipe.metric', where: `sample ${sample.id}`, what: 'arrays of an open size do not say how large a picture is', next: 'Take pictures as samples, or a model whose input has a fixed size.' })
  const decoded = decodeBoxes(decode, plainOutputs(output), input, score)
  checkClasses(decoded, truth)
  const kept = new Map<number, number>()
  const first = suppressed(decoded.detections, nms).filter(({ label }) => {
    const count = (kept.get(label) ?? 0) + 1
    kept.set(label, count)
    return count <= most
  })
  return first.map((detection) => ({ ...detection, ...onFile(detection, sample) }))
}

function plainOutputs({ results }: VersionOutput): Outputs {
  return new Map(Object.entries(results).flatMap(([name, tensor]) => {
    if (tensor.type === 'string' || tensor.type === 'bool') return []
    return [[name, { dims: tensor.dims, data: isFloat(tensor.type) ? float32(tensor) : integers(tensor) }] as const]
  }))
}

function checkClasses({ classes }: Decoded, truth: PictureTruth | undefined): void {
  const strange = truth?.boxes.find(({ label }) => label >= classes)
  if (truth === undefined || strange === undefined) return
  throw new Fault({ code: 'samples.labels', where: truth.where, what: `class ${strange.label} is none of the ${classes} that the model tells apart`, next: 'Correct the labels, their `classes`, or `background` of the decoder.' })
}

/** A box of the input in pixels of the file, by what was done to the picture. */
function onFile(box: Box, { source }: Sample): Box {
  if (source === undefined) return box
  const { scale: [down, across], shift: [top, left] } = source
  return { x1: (box.x1 + left) * across, y1: (box.y1 + top) * down, x2: (box.x2 + left) * across, y2: (box.y2 + top) * down }
}
