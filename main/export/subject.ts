import type { BoardProfile } from '../boards/profile.ts'
import type { LayerError, Run } from '../core/run.ts'
import type { Graph } from '../onnx/graph.ts'
import type { Preprocess } from '../samples/sample.ts'
import type { VendorNames } from './mlir-names.ts'
import type { TensorQuant } from './record.ts'

/** An input of the model, and how samples become it. */
export interface ExportInput {
  readonly name: string
  /** Of the samples: all fixed. */
  readonly dims: readonly number[]
  /** null: arrays that are used as they are. */
  readonly preprocess: Preprocess | null
}

/** What one layer of a run was told besides its range, in the words of the Sophon tools. */
export interface LayerSettings {
  readonly name: string
  readonly settings: Readonly<Record<string, unknown>>
}

/** All that formats are written from. Plain data. */
export interface Subject {
  /** Stem of the model file: letters, digits, `.`, `-`, `_` only. */
  readonly model: string
  readonly board: BoardProfile
  readonly run: Run
  /** The float model that the bundle holds, as the board's tools are to read it. */
  readonly graph: Graph
  readonly records: readonly TensorQuant[]
  /** Nodes that the run keeps in float. */
  readonly floatNodes: readonly { readonly node: string; readonly op: string; readonly output: string }[]
  readonly inputs: readonly ExportInput[]
  readonly outputs: readonly string[]
  /** Calibration samples in the bundle. */
  readonly samples: number
  readonly layers: readonly LayerError[]
  readonly overrides: readonly LayerSettings[]
  /** Threshold method of the recipe. */
  readonly method: string
  /** What the toolchain's importer called the values, where somebody gave its file. */
  readonly vendorNames?: VendorNames
}

/** A text of a bundle, with the id of the strict reader that checks it (`formats/index.ts`). */
export interface BundleText {
  /** Below the bundle, with slashes. */
  readonly path: string
  readonly text: string
  readonly format?: string
}

export interface Bilingual {
  readonly en: string
  readonly zh: string
}

/** One thing that was looked at before anything is written. */
export interface Check {
  /** `opset`, `names`, `zero-range` … */
  readonly id: string
  readonly state: 'ok' | 'note' | 'warning' | 'error'
  readonly what: Bilingual
  /** Names of tensors, nodes or rules. */
  readonly where: readonly string[]
  /** Why it matters; absent where it is ok. */
  readonly why?: Bilingual
  /** What mends it; absent where nothing here can. */
  readonly fix?: Bilingual
  /** What of it needs no person, as findings write it: lines of the recipe (``Set `…`: …``) and rewrites. Of the run alone: not part of a bundle. */
  readonly fixes?: readonly string[]
}

/** How calibration samples lie in a bundle. */
export interface SampleLayout {
  /**
   * `npy`, `npz`: what the model takes. `raw`: float32 values of pixels 0..255 without any header, not normalised. `pixels-npy`: the same as .npy.
   * `tensor-raw`: what the model takes, without a header. `png`: pictures of 8 bits.
   */
  readonly kind: 'npy' | 'npz' | 'raw' | 'pixels-npy' | 'tensor-raw' | 'png'
  /** Folder of an input's samples. */
  folder(input: string): string
}

/** One way of handing over, as `exports` of a board's profile names it. */
export interface Format {
  readonly name: string
  readonly title: string
  /** Absent: .npy of what the model takes, for tools without a rule of their own. */
  readonly samples?: SampleLayout
  /** Ending of the importer's own file, whose names its tables can take. */
  readonly names?: string
  /** Its toolchain takes the pairs of the model itself: an operand of a sum without one stays as the run has it. */
  readonly takesPairs?: true
  /** Its toolchain measures ranges for itself: without samples it has nothing to go by. */
  readonly measures?: true
  /** Keys of its settings in a profile, with what is taken where the profile does not say. */
  readonly settings: Readonly<Record<string, string>>
  /** Values of a setting, where it takes no others. */
  readonly choices?: Readonly<Record<string, readonly string[]>>
  /** Names and values that its reader would drop, break on, or read as something else. */
  checks(subject: Subject, settings: Readonly<Record<string, string>>): readonly Check[]
  /** Config, thresholds and scripts. Names that `checks` refuses are left out of tables. */
  write(subject: Subject, settings: Readonly<Record<string, string>>): readonly BundleText[]
  /** Commands for the README, typed in the bundle's folder. */
  commands(subject: Subject, settings: Readonly<Record<string, string>>): readonly string[]
}

/** Place of a sample or golden input in a bundle, as its files are called: 000, 001 … */
export const numbered = (index: number): string => String(index).padStart(3, '0')

/** A model or tensor name as a file name: everything else becomes `_`. */
export const fileName = (name: string): string => {
  const plain = name.replaceAll(/[^\w.-]/g, '_').replace(/^\.+/, '_')
  return plain === '' ? '_' : plain.slice(0, 100)
}
