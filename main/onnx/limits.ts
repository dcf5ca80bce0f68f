/** What a model may hold at most; beyond it a file is taken for damaged or hostile rather than read. */
export interface ModelLimits {
  /** Model and external data together. */
  readonly totalBytes: number
  /** Nodes, subgraphs and functions included. */
  readonly nodes: number
  readonly tensors: number
  readonly attributesPerNode: number
  /** UTF-8 bytes of one name. */
  readonly nameBytes: number
  /** Graphs inside graphs. */
  readonly graphNesting: number
  /** Messages of any kind. */
  readonly messages: number
  /** Numbers that are not raw bytes; each takes many times its size in memory. */
  readonly listedFloats: number
  readonly listedIntegers: number
}

export const MODEL_LIMITS: ModelLimits = {
  totalBytes: 8 * 2 ** 30,
  nodes: 200_000,
  tensors: 300_000,
  attributesPerNode: 256,
  nameBytes: 1024,
  graphNesting: 16,
  messages: 8_000_000,
  listedFloats: 2 ** 27,
  listedIntegers: 2 ** 24,
}
