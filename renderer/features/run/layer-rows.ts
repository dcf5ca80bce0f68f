import type { LayerError } from '../../../preload/contract/index.ts'

/** The layers that lost most with everything before them quantized too; where that was not measured, each alone. */
export function worstLayers(layers: readonly LayerError[], count: number): readonly LayerError[] {
  const accumulated = layers.filter((layer) => layer.mode === 'accumulated')
  return (accumulated.length > 0 ? accumulated : layers).toSorted((a, b) => a.sqnrDb - b.sqnrDb).slice(0, count)
}

/** Decibels are cut here: a tensor that quantization did not change at all. */
const EXACT_DB = 120
export const isExact = ({ sqnrDb }: LayerError): boolean => sqnrDb >= EXACT_DB

/** How bad an SQNR is, for its colour: below 20 dB a tensor has lost a tenth of its amplitude, below 30 dB it is worth a look. */
export const toneOfSqnr = (sqnrDb: number): 'bad' | 'warning' | undefined => (sqnrDb < 20 ? 'bad' : sqnrDb < 30 ? 'warning' : undefined)
