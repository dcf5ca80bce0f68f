import { Fault } from '../../core/fault.ts'
import type { SampleSet } from '../../samples/sample.ts'

/** Pictures that choices are made on, and those that they are checked on; indices of the calibration samples. */
export interface Split {
  readonly chosen: readonly number[]
  readonly held: readonly number[]
}

const EVERY = 4

/** Every fourth picture is held out; of two or three the last. Throws `recipe.few-samples` for one. */
export function splitOf(samples: Pick<SampleSet, 'count'>, key: string): Split {
  const { count } = samples
  if (count < 2) {
    throw new Fault({
      code: 'recipe.few-samples', what: `${key} checks every change on pictures that it did not look at, and there is only one calibration sample`, where: 'samples.calibration',
      next: 'Give at least 4 calibration samples, or leave the key out.',
    })
  }
  const all = Array.from({ length: count }, (_, index) => index)
  const isHeld = (index: number) => (count < EVERY ? index === count - 1 : index % EVERY === EVERY - 1)
  return { chosen: all.filter((index) => !isHeld(index)), held: all.filter(isHeld) }
}
