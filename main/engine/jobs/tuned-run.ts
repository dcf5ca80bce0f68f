import { readFile } from 'node:fs/promises'
import type { Run } from '../../core/run.ts'
import type { Graph } from '../../onnx/graph.ts'
import { withTuned } from '../../quantize/tuned.ts'
import { decodeTuned } from '../../tune/finetune/tuned-file.ts'

/** The float graph of a run with the constants that fine-tuning gave it, where it did. Throws `input.tuned`. */
export async function tunedGraphOf(graph: Graph, { artifacts }: Pick<Run, 'artifacts'>): Promise<Graph> {
  const path = artifacts?.find(({ role }) => role === 'tuned-values')?.path
  return path === undefined ? graph : withTuned(graph, decodeTuned(await readFile(path), path))
}
