import { Fault } from '../core/fault.ts'
import type { FaultCode } from '../core/fault.ts'

interface Rule {
  readonly pattern: RegExp
  readonly code: FaultCode
  what(match: RegExpMatchArray): string
  /** Node that the message names, for `where`. */
  node?(match: RegExpMatchArray): string | undefined
  readonly next: string
}

const RERUN_CHECKER = 'Export the model again, or check it with the ONNX checker of the framework it came from.'

/** What ONNX Runtime says when it refuses a model, most telling first. Texts as of version 1.30. */
const CREATION_RULES: readonly Rule[] = [
  {
    pattern: /Could not find an implementation for (\S+?)\(\d+\) node with name '([^']*)'/,
    code: 'model.unsupported-operator',
    what: ([, op]) => `ONNX Runtime has no kernel for operator ${op} with these types on the CPU`,
    node: ([, , name]) => name,
    next: 'Replace the operator or change its element type, and export again.',
  },
  {
    pattern: /No Op registered for (\S+) with domain_version of (\d+)/,
    code: 'model.unsupported-operator',
    what: ([, op, version]) => `operator ${op} does not exist in opset ${version}`,
    node: nodeOfInvalidModel,
    next: 'Check the operator name and the opset that the model declares.',
  },
  {
    pattern: /Fatal error: (\S+?)\(-?\d+\) is not a registered function\/op/,
    code: 'model.unsupported-operator',
    what: ([, op]) => `operator ${op} is not part of ONNX or of ONNX Runtime`,
    next: 'Custom operators cannot be run; export the model without them.',
  },
  {
    pattern: /Unsupported model IR version: (\d+), max supported IR version: (\d+)/,
    code: 'model.unsupported-version',
    what: ([, found, most]) => `the model is of IR version ${found}; this ONNX Runtime reads up to ${most}`,
    next: 'Export it with an older ONNX version.',
  },
  {
    pattern: /Opset (\d+) is under development[\s\S]*domain (\S+) is till opset (\d+)/,
    code: 'model.unsupported-version',
    what: ([, found, domain, most]) => `the model asks for opset ${found} of ${domain}; this ONNX Runtime knows up to ${most}`,
    next: 'Export it with an older opset.',
  },
  {
    pattern: /Unsupported data type: (\d+)/,
    code: 'model.unsupported-type',
    what: ([, type]) => `an input or output has element type number ${type}, which ONNX Runtime for Node cannot exchange`,
    next: 'Put a Cast behind the input or before the output.',
  },
  {
    pattern: /Node input '([^']*)' is not a graph input, initializer, or output of a previous node/,
    code: 'model.dangling-input',
    what: ([, tensor]) => `tensor '${tensor}' is used but nothing makes it`,
    next: RERUN_CHECKER,
  },
  { pattern: /the graph is not acyclic/, code: 'model.cycle', what: () => 'the graph has a cycle', next: RERUN_CHECKER },
  {
    pattern: /Type Error: ([\s\S]*?)(?: in node \([^)]*\))?\.?$/,
    code: 'model.invalid',
    what: ([, detail]) => `types do not fit together: ${detail}`,
    node: ({ input }) => /node \(([^)]*)\)/.exec(input ?? '')?.[1],
    next: RERUN_CHECKER,
  },
  {
    pattern: /protobuf parsing failed/i,
    code: 'model.not-onnx',
    what: () => 'this is not an ONNX model (its bytes cannot be parsed)',
    next: 'Check that the file is complete and is an .onnx file.',
  },
  {
    pattern: /file doesn't exist|No such file/i,
    code: 'model.not-found',
    what: () => 'the file does not exist',
    next: 'Check the path.',
  },
  {
    pattern: /This is an invalid model\.\s*([\s\S]*)/,
    code: 'model.invalid',
    what: ([, detail]) => `the model is not valid: ${detail!.replace(/^In Node, [\s\S]*? , Error /, '')}`,
    node: nodeOfInvalidModel,
    next: RERUN_CHECKER,
  },
]

/** What it says when a run ends early. */
const RUN_RULES: readonly Rule[] = [
  {
    pattern: /invalid dimensions for input: (\S+)[\s\S]*?index: (\d+) Got: (-?\d+) Expected: (-?\d+)/,
    code: 'samples.wrong-shape',
    what: ([, input, axis, got, expected]) => `input '${input}' has size ${got} on axis ${axis}, the model takes ${expected}`,
    next: 'Resize, crop or pad the samples to that shape.',
  },
  {
    pattern: /Invalid rank for input: (\S+) Got: (\d+) Expected: (\d+)/,
    code: 'samples.wrong-shape',
    what: ([, input, got, expected]) => `input '${input}' has ${got} dimensions, the model takes ${expected}`,
    next: 'Give the samples the shape that the model declares.',
  },
  {
    pattern: /Unexpected input data type\. Actual: \(tensor\((\w+)\)\) , expected: \(tensor\((\w+)\)\)/,
    code: 'samples.wrong-type',
    what: ([, got, expected]) => `an input holds ${got}, the model takes ${expected}`,
    next: 'Convert the samples.',
  },
  {
    pattern: /Failed to allocate memory|bad_alloc|std::bad_array_new_length/,
    code: 'engine.out-of-memory',
    what: () => 'there is not enough memory to run the model',
    next: 'Use smaller pictures or crops, or close other programs.',
  },
  {
    pattern: /while running (\S+) node\. Name:'([^']*)' Status Message: ([\s\S]*)/,
    code: 'engine.run-failed',
    what: ([, op, , detail]) => `operator ${op} could not run: ${detail}`,
    node: ([, , name]) => name,
    next: 'Check that the sizes of the samples fit the model; try other sizes.',
  },
]

function nodeOfInvalidModel(match: RegExpMatchArray): string | undefined {
  return /In Node, \("([^"]*)"/.exec(match.input ?? '')?.[1]
}

/** A refused model as a fault that names node and operator where the runtime does. */
export const creationFault = (error: unknown, where: string): Fault =>
  translate(error, where, CREATION_RULES, {
    code: 'model.refused',
    what: 'ONNX Runtime refused the model',
    next: RERUN_CHECKER,
  })

/** A failed run as a fault. */
export const runFault = (error: unknown, where: string): Fault =>
  translate(error, where, RUN_RULES, {
    code: 'engine.run-failed',
    what: 'ONNX Runtime could not run the model',
    next: 'Check the samples; if they fit the model, report this with the model.',
  })

type Untranslated = { readonly code: FaultCode; readonly what: string; readonly next: string }

function translate(error: unknown, where: string, rules: readonly Rule[], other: Untranslated): Fault {
  if (error instanceof Fault) return error
  const message = tidy(error instanceof Error ? error.message : String(error))
  for (const rule of rules) {
    const match = rule.pattern.exec(message)
    if (match === null) continue
    const node = rule.node?.(match)
    return new Fault(
      { code: rule.code, where: node ? `${where}, node '${node}'` : where, what: rule.what(match), next: rule.next },
      { cause: error },
    )
  }
  return new Fault({ code: other.code, where, what: `${other.what}: ${message}`, next: other.next }, { cause: error })
}

/** Without the runtime's source locations and C++ signatures, which say nothing to a user. */
const tidy = (message: string): string =>
  message
    .replace(/\/\S*onnxruntime\/\S+:\d+ .*?\)(?: const)? (?=\S)/g, '')
    .replace(/\(::(\w+:\d+)\)/g, '($1)')
    .replace(/\b[\w/]+\.(?:cc|h):\d+ \S*\s*/g, '')
    .trim()
