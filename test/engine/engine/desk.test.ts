import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { countValues, statisticsOfValues } from '../../fixtures/value-statistics.ts'
import { openDesk, type Desk } from '../../../main/engine/desk.ts'
import { encodeStatistics } from '../../../main/calibrate/statistics-file.ts'
import { CODE_LIMITS, type Grid } from '../../../main/core/grid.ts'
import { qparams } from '../../../main/core/qparams.ts'
import { roundHalfEven } from '../../../main/core/round.ts'
import { seededRandom } from '../../../main/core/random.ts'
import { isAlive } from '../../fixtures/is-alive.ts'
import { temporaryFolder } from '../../fixtures/temporary-folder.ts'

const random = seededRandom(1)
/** Roughly normal, both signs, with zeros and a far outlier. */
const VALUES = Float32Array.from({ length: 40_000 }, (_, index) => (index % 50 === 0 ? 0 : index === 7 ? 9 : Array.from({ length: 6 }, random).reduce((sum, x) => sum + x - 0.5, 0)))

describe('questions about statistics', () => {
  const folder = temporaryFolder()
  const file = join(folder, 'x.statistics')
  let desk: Desk
  beforeAll(async () => {
    desk = openDesk()
    await writeFile(file, encodeStatistics(statisticsOfValues({ both: VALUES, positive: VALUES.map(Math.abs), zero: new Float32Array(10) })))
  })
  afterAll(() => desk.close())

  it('list the tensors', async () => {
    const { samples, tensors } = await desk.ask('tensors', { file })
    expect(samples).toBe(1)
    expect(tensors.map((one) => [one.tensor, one.count, one.max])).toEqual([['both', 40_000, 9], ['positive', 40_000, 9], ['zero', 10, 0]])
  })

  it('draw a histogram that counts as the values themselves do', async () => {
    for (const [tensor, of, from, to] of [['both', 'signed', undefined, undefined], ['both', 'magnitude', undefined, undefined], ['both', 'signed', -1, 1.5], ['positive', 'signed', 0, 2]] as const) {
      const drawn = await desk.ask('histogram', { file, tensor, of, bins: 40, ...(from === undefined ? {} : { from, to }) })
      const values = tensor === 'positive' || of === 'magnitude' ? VALUES.map(Math.abs) : VALUES
      const counted = countValues(values, drawn.edges)
      expect(drawn.edges).toHaveLength(41)
      expect(drawn.counts.reduce((sum, n) => sum + n, 0) + drawn.below + drawn.above).toBeCloseTo(VALUES.length, 6)
      // A stored bin is 2^-10 of its value wide: an edge moves at most the values of one such bin to its neighbour.
      for (const [bin, count] of counted.entries()) expect(Math.abs(drawn.counts[bin]! - count), `${tensor} ${of} bin ${bin}`).toBeLessThanOrEqual(6 + 0.02 * count)
      expect([drawn.max, drawn.zeros, drawn.sampled]).toEqual([9, 800, 40_000])
    }
    const zero = await desk.ask('histogram', { file, tensor: 'zero', of: 'signed', bins: 8 })
    expect(zero.counts.reduce((sum, n) => sum + n, 0)).toBe(10)
  })

  it('tell what a range would do as well as doing it', async () => {
    const grids: Grid[] = [{ type: 'uint8', symmetric: false }, { type: 'int8', symmetric: true }, { type: 'int8', symmetric: false }]
    const ranges = [{ lo: -3, hi: 9 }, { lo: -1.5, hi: 1.5 }, { lo: -0.4, hi: 2 }, { lo: 0, hi: 1 }]
    for (const grid of grids) {
      const told = await desk.ask('what-if', { file, tensor: 'both', grid, ranges })
      for (const [index, range] of ranges.entries()) {
        const done = quantized(VALUES, qparams(range, grid), grid)
        const where = `${JSON.stringify(grid)} ${JSON.stringify(range)}`
        expect(told.step[index], where).toBe(qparams(range, grid).scale)
        // Values of a stored bin are taken as spread evenly: below 0.1 dB for 8 bits and these many values.
        expect(Math.abs(told.predictedSqnrDb[index]! - done.sqnrDb), where).toBeLessThan(0.1)
        expect(Math.abs(told.clippedPercent[index]! - done.clippedPercent), where).toBeLessThan(0.05)
      }
    }
  })

  it('say what every method would pick, max as the whole range', async () => {
    const marks = await desk.ask('thresholds', { file, tensor: 'positive', grid: { type: 'uint8', symmetric: false } })
    expect(marks.length).toBeGreaterThanOrEqual(10)
    expect(marks.find((mark) => mark.name === 'max')).toMatchObject({ lo: 0, hi: 9, clippedPercent: 0 })
    const best = Math.max(...marks.map((mark) => mark.predictedSqnrDb))
    expect(best - marks.find((mark) => mark.name === 'mse')!.predictedSqnrDb).toBeLessThan(0.05)
  })

  it('have faults that name what is missing', async () => {
    await expect(desk.ask('histogram', { file, tensor: 'bth', of: 'signed', bins: 8 })).rejects.toMatchObject({ code: 'input.unknown-tensor', next: expect.stringContaining('both') })
    await expect(desk.ask('histogram', { file, tensor: 'both', of: 'signed', bins: 8, from: 2, to: 1 })).rejects.toMatchObject({ code: 'input.bad-window' })
    await expect(desk.ask('tensors', { file: join(folder, 'none') })).rejects.toMatchObject({ code: 'input.no-statistics' })
    await writeFile(join(folder, 'broken'), 'SWSTAT01 and no more')
    await expect(desk.ask('tensors', { file: join(folder, 'broken') })).rejects.toMatchObject({ code: 'input.statistics-file' })
  })

  it('are answered in milliseconds once warm', async () => {
    const ask = () => desk.ask('what-if', { file, tensor: 'both', grid: { type: 'uint8', symmetric: false }, ranges: [{ lo: -1, hi: 1 }] })
    await ask()
    const times: number[] = []
    for (let n = 0; n < 50; n++) {
      const begun = performance.now()
      await ask()
      times.push(performance.now() - begun)
    }
    // About 1 ms on an idle machine; a new process for each would take hundreds.
    expect(times.toSorted((a, b) => a - b)[25]).toBeLessThan(50)
  })
})

describe('a desk', () => {
  const entry = new URL('../../fixtures/desk-child.ts', import.meta.url)
  const pidOf = async (desk: Desk, file = 'x'): Promise<number> => ((await desk.ask('tensors', { file })) as unknown as { pid: number }).pid

  it('that dies fails every question that waits, and the next one gets a new process', async () => {
    const desk = openDesk({ entry })
    const first = await pidOf(desk)
    expect(await pidOf(desk)).toBe(first)
    const lost = await Promise.allSettled(['die', 'x', 'x'].map((file) => desk.ask('tensors', { file })))
    for (const one of lost) expect(one).toMatchObject({ status: 'rejected', reason: { code: 'engine.killed' } })
    expect(await pidOf(desk)).not.toBe(first)
    await expect(desk.ask('tensors', { file: 'fail' })).rejects.toMatchObject({ code: 'bug.unexpected', what: 'a bug in the desk' })
    desk.close()
  })

  it('that hangs is replaced', async () => {
    const desk = openDesk({ entry, patienceMs: 2500 })
    const first = await pidOf(desk)
    await expect(desk.ask('tensors', { file: 'hang' })).rejects.toMatchObject({ code: 'engine.no-answer' })
    expect(await pidOf(desk)).not.toBe(first)
    desk.close()
  })

  it('that nobody asks goes home', async () => {
    const desk = openDesk({ entry, idleMs: 50 })
    const first = await pidOf(desk)
    await expect.poll(() => isAlive(first)).toBe(false)
    expect(await pidOf(desk)).not.toBe(first)
    const waits = desk.ask('tensors', { file: 'hang' })
    desk.close()
    await expect(waits).rejects.toMatchObject({ code: 'engine.stopped' })
    await expect(pidOf(desk)).rejects.toMatchObject({ code: 'engine.stopped' })
  })
})

/** Every value through the codes and back. */
function quantized(values: Float32Array, { scale, zeroPoint }: { scale: number; zeroPoint: number }, grid: Grid): { sqnrDb: number; clippedPercent: number } {
  const [min, max] = CODE_LIMITS[grid.type]
  let [signal, noise, clipped] = [0, 0, 0]
  for (const value of values) {
    const code = roundHalfEven(value / scale) + zeroPoint
    if (code < min || code > max) clipped += 1
    const back = (Math.min(max, Math.max(min, code)) - zeroPoint) * scale
    signal += value * value
    noise += (value - back) ** 2
  }
  return { sqnrDb: 10 * Math.log10(signal / noise), clippedPercent: (100 * clipped) / values.length }
}
