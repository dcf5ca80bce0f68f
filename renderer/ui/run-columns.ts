import type { RunSummary } from '../client.ts'
import { drop } from './format.ts'

/** What quantization costs on the way to the board: float less simulated, or less fused where nothing was simulated. */
export const dropOf = ({ quality }: Pick<RunSummary, 'quality'>): number | null =>
  quality === null ? null : drop(quality.float, quality.simulated ?? quality.fused)
