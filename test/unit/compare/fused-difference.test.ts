import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../../main/core/random.ts'
import { addDifference, fusedDifferenceOf, fusedFinding, noDifference } from '../../../main/compare/fused-difference.ts'
import type { FusedDifference } from '../../../main/compare/fused-difference.ts'

const COUNT = 20_000

/** Three versions of an output made up here: codes of a uint8 picture, quantization noise of ±0.5 code, and what `fused` adds. */
function difference(lost: (code: number, random: () => number) => number): FusedDifference {
  const random = seededRandom(11)
  const float = new Float32Array(COUNT)
  const simulated = new Float32Array(COUNT)
  const fused = new Float32Array(COUNT)
  for (let i = 0; i < COUNT; i++) {
    float[i] = random() * 255
    simulated[i] = Math.round(float[i]!)
    fused[i] = lost(simulated[i]!, random)
  }
  const sums = noDifference('y')
  addDifference(sums, float, simulated, fused, 1)
  return fusedDifferenceOf([sums])
}

describe('fused against simulated', () => {
  test('equal outputs are the same and no finding', () => {
    const same = difference((code) => code)
    expect(same).toMatchObject({ output: 'y', values: COUNT, maxCodes: 0, shareBeyondOne: 0, betweenDb: 120, verdict: 'same' })
    expect(fusedFinding(same, null, 'a CPU')).toBeNull()
  })

  test('one code on near-ties is what requantization does', () => {
    const rounded = difference((code, random) => (random() < 0.3 ? code + 1 : code))
    expect(rounded).toMatchObject({ maxCodes: 1, shareBeyondOne: 0, verdict: 'same' })
    expect(fusedFinding(rounded, null, 'a CPU')).toBeNull()
  })

  test('saturated products: many codes off in some places, and further from float', () => {
    const saturated = difference((code, random) => (random() < 0.01 ? code - 40 : code))
    expect(saturated.verdict).toBe('suspect')
    expect(saturated.maxCodes).toBe(40)
    expect(saturated.fusedDb).toBeLessThan(saturated.simulatedDb - 1)
    const finding = fusedFinding(saturated, { plain: saturated, exact: difference((code) => code) }, 'a CPU')!
    expect(finding).toMatchObject({ rule: 'SW-C01', severity: 'warning', tensor: 'y' })
    expect(finding.what).toContain('40 codes')
    expect(finding.why).toContain('a CPU')
    expect(finding.why).toContain('with exact products it is 0 codes')
    expect(finding.fix).toMatch(/x64quantprecision/)
    expect(finding.fix).toMatch(/x86/)
  })

  test('what exact products do not heal is not called saturation', () => {
    const off = difference((code, random) => (random() < 0.01 ? code - 40 : code))
    const finding = fusedFinding(off, { plain: off, exact: off }, 'a CPU')!
    expect(finding).toMatchObject({ rule: 'SW-C01', severity: 'warning' })
    expect(finding.why).toMatch(/not saturation/)
    expect(finding.fix).not.toMatch(/x64quantprecision/)
    // A sample that was fine before proves nothing by being fine again.
    const fine = difference((code, random) => (random() < 0.3 ? code + 1 : code))
    expect(fusedFinding(off, { plain: fine, exact: fine }, 'a CPU')!.why).toMatch(/not saturation/)
  })

  test('codes apart but equally far from float, as after many layers, is a note', () => {
    // Simulated 4 codes up, fused 4 codes down at random places: two roundings of one function.
    const random = seededRandom(5)
    const float = Float32Array.from({ length: COUNT }, () => random() * 255)
    const simulated = float.map((value) => value + (random() - 0.5) * 8)
    const fused = float.map((value) => value + (random() - 0.5) * 8)
    const sums = noDifference('y')
    addDifference(sums, float, simulated, fused, 1)
    const both = fusedDifferenceOf([sums])
    expect(both.shareBeyondTwo).toBeGreaterThan(0.1)
    expect(both.verdict).toBe('rounding')
    expect(fusedFinding(both, null, 'a CPU')).toMatchObject({ rule: 'SW-C01', severity: 'note' })
  })

  test('a lone outlier in ten thousand values is let pass', () => {
    const lone = difference((code) => code)
    expect(lone.verdict).toBe('same')
    const sums = noDifference('y')
    const flat = new Float32Array(COUNT).fill(100)
    const one = flat.slice()
    one[7] = 160
    addDifference(sums, flat, flat, one, 1)
    expect(fusedFinding(fusedDifferenceOf([sums]), null, 'a CPU')).toBeNull()
  })

  test('of several outputs the one that differs most is reported', () => {
    const calm = noDifference('calm')
    const wild = noDifference('wild')
    const ones = new Float32Array(100).fill(10)
    addDifference(calm, ones, ones, ones, 1)
    addDifference(wild, ones, ones, ones.map((value) => value + 9), 1)
    expect(fusedDifferenceOf([calm, wild])).toMatchObject({ output: 'wild', maxCodes: 9, shareBeyondOne: 1, verdict: 'suspect' })
  })

  test('the step of the output turns differences into codes', () => {
    const sums = noDifference('y')
    addDifference(sums, Float32Array.of(0), Float32Array.of(0), Float32Array.of(0.06), 0.02)
    expect(fusedDifferenceOf([sums]).maxCodes).toBeCloseTo(3, 6)
  })
})
