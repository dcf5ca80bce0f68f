import { overlap, type Detection } from './box.ts'

/** Highest score first; equal scores in the order they came. */
export const byScore = (detections: readonly Detection[]): Detection[] => detections.toSorted((a, b) => b.score - a.score)

/**
 * Greedy non-maximum suppression, a class at a time: a detection is left out where one of a higher score overlaps with it by more than
 * `most` (IoU). Gives the rest, highest score first.
 */
export function suppressed(detections: readonly Detection[], most: number): Detection[] {
  if (most >= 1) return byScore(detections)
  const kept: Detection[] = []
  const ofLabel = new Map<number, Detection[]>()
  for (const detection of byScore(detections)) {
    const rivals = ofLabel.get(detection.label) ?? []
    if (rivals.some((rival) => overlap(rival, detection) > most)) continue
    kept.push(detection)
    rivals.push(detection)
    ofLabel.set(detection.label, rivals)
  }
  return kept
}
