/** Settings of scores beyond those of pictures, as a recipe holds them: complete, plain, paths absolute. Read by `recipe` and `compare`. */

/** COCO: 101 recalls, mean over IoU 0.50 to 0.95. VOC: IoU 0.5 of inclusive pixels, by area or at 11 recalls. */
export const AP_RULES = ['coco', 'voc-area', 'voc-11point'] as const
export type ApRule = (typeof AP_RULES)[number]

/** Share of pictures whose right class is among the `k` largest outputs. */
export interface TopkSettings {
  readonly kind: 'topk'
  /** The first is the run's own number. */
  readonly k: readonly number[]
  /** Index of the output that label 0 stands for: 1 where output 0 is a background class. */
  readonly offset: number
  /** Absent: the output that is judged. */
  readonly output?: string
}

/** Cells of one or several maps [1, 5 + classes, height, width], an object each. */
export interface GridDecode {
  readonly kind: 'grid'
  /** Absent: the only output of four axes. */
  readonly outputs?: readonly string[]
  /** How channels follow each other. */
  readonly order: 'object-box-class' | 'box-object-class'
  /** What makes the centre's offset from its cell's corner, in cells. */
  readonly xy: 'tanh' | 'sigmoid' | 'none'
  /** `sigmoid`: shares of the whole input; `exp`: in cells. */
  readonly wh: 'sigmoid' | 'exp'
  /** True where objectness and classes are logits that a sigmoid belongs behind. */
  readonly logits: boolean
  /** Score = objectness^a · class^b. */
  readonly powers: readonly [object: number, label: number]
}

/** Boxes that the model gives as they are. */
export interface BoxesDecode {
  readonly kind: 'boxes'
  /** [1, N, 4], or with scores behind: [1, N, 4 + classes] or [1, 4 + classes, N]. Absent: the only output. */
  readonly boxes?: string
  /** [1, N, classes] or, one class or `classes` given, [1, N]. Absent: they follow the box. */
  readonly scores?: string
  /** [1, N] class of each box. */
  readonly classes?: string
  /** True for [1, 4 + classes, N]. Absent: the shorter axis holds the values of a box. */
  readonly transposed?: boolean
  readonly format: 'xyxy' | 'cxcywh' | 'xywh'
  /** `share`: of the input's width and height. */
  readonly unit: 'pixels' | 'share'
  /** True where an objectness stands between box and classes; the score is their product. */
  readonly objectness: boolean
  readonly logits: boolean
  /** Class that stands for nothing; it is left out and those behind move up. */
  readonly background: number | null
}

/** Default boxes of one map, as a PriorBox layer of Caffe makes them. */
export interface PriorLayer {
  /** Input pixels from cell to cell. Absent: the input over `map`. */
  readonly step?: number
  /** Cells [down, across]. Absent: the input over `step`, rounded up. */
  readonly map?: readonly [height: number, width: number]
  /** Sides in input pixels: a square each. */
  readonly min: readonly number[]
  /** One for each of `min`: a square of side sqrt(min · max). */
  readonly max: readonly number[]
  /** Width over height of further boxes; 1 is there already. */
  readonly ratios: readonly number[]
  /** Adds 1/r for each ratio r. */
  readonly flip: boolean
}

/** Offsets from default boxes: centre += d · v0 · size, size *= exp(d · v1). */
export interface SsdDecode {
  readonly kind: 'ssd'
  readonly boxes: string
  readonly scores: string
  readonly priors: {
    readonly layers: readonly PriorLayer[]
    /** Cells lie `step` pixels apart, or divide the input evenly (`map`), which differs where it is no multiple of the step. */
    readonly cells: 'step' | 'map'
    /** Centre of a cell's boxes, in cells. */
    readonly offset: number
    /** What is cut to 0..1: `corners` as PriorBox of Caffe, or `center` and size each for itself, as the PyTorch SSDs do. */
    readonly clip: 'none' | 'corners' | 'center'
  }
  readonly variances: readonly [center: number, size: number]
  readonly softmax: boolean
  readonly background: number | null
}

export type DecodeSettings = GridDecode | BoxesDecode | SsdDecode

/** Average precision of boxes. */
export interface DetectionSettings {
  readonly kind: 'detection'
  readonly decode: DecodeSettings
  readonly ap: ApRule
  /** Boxes of a lower score are left out. */
  readonly score: number
  /** Of two boxes of a class that overlap by more (IoU), the lower one is left out; 1: none is. */
  readonly nms: number
  /** Boxes a picture and class at most. */
  readonly most: number
  /** The float model's boxes from this score on are the truth of the agreement. */
  readonly agreement: number
}

/** Likeness of outputs with those of the float model. */
export interface SimilaritySettings {
  readonly kind: 'feature-similarity'
  readonly measure: 'cosine' | 'sqnr'
  /** Weight by output. Absent: all outputs alike. */
  readonly outputs?: Readonly<Record<string, number>>
}

/** A person's own score. */
export interface ModuleSettings {
  readonly kind: 'module'
  /** Absolute path of an ES module. */
  readonly score: string
  /** Given to the module as they are. */
  readonly settings: Readonly<Record<string, unknown>>
}

export interface NoScore {
  readonly kind: 'none'
}

export type ScoreSettings = TopkSettings | DetectionSettings | SimilaritySettings | ModuleSettings | NoScore

export const SCORE_KINDS = ['topk', 'detection', 'feature-similarity', 'module', 'none'] as const

/** Names of the Sophon guide. */
export const SCORE_ALIASES = { topx_accuracy_for_classify: 'topk', detect_accuracy: 'detection', feature_similarity: 'feature-similarity' } as const

export const LABEL_FORMATS = ['csv', 'folders', 'yolo', 'voc', 'coco'] as const
export type LabelFormat = (typeof LABEL_FORMATS)[number]

/** Where the truth of classification and detection comes from. */
export interface LabelsSource {
  /** Absolute: a CSV or COCO JSON file, a folder of YOLO or VOC files. Absent: `folders`. */
  readonly path?: string
  /** Absent: by the file's ending, or by what the folder holds. */
  readonly format?: LabelFormat
  /** Columns of a CSV. Absent: the first and the second. */
  readonly file?: string
  readonly label?: string
  /** Absolute path of a text file, a class name a line. */
  readonly classes?: string
}
