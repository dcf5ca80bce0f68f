import type { Region } from './psnr.ts'

// Regions of the samples that were looked at in this window; those of the one that is shown stand in the address.
const kept = new Map<string, readonly Region[]>()

export const rememberRegions = (run: string, sample: number, regions: readonly Region[]): void => void kept.set(`${run} ${sample}`, regions)

export const recallRegions = (run: string, sample: number): readonly Region[] => kept.get(`${run} ${sample}`) ?? []
