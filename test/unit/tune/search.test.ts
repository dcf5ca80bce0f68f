import { describe, expect, it } from 'vitest'
import { hashText } from '../../../main/core/random.ts'
import { bestTrial, type TrialScore } from '../../../main/core/best-trial.ts'
import { nextStep, wishKey, type SearchSpace, type SearchUnit, type TrialWish } from '../../../main/tune/search.ts'

const SPACE: SearchSpace = {
  grid: [[['method=a'], ['method=b']], [['granularity=tensor']]], switches: [[['bias=on']], [['round=on'], ['round=more']]], methods: ['a', 'b'], finetune: [], floatShare: 0.2, samples: { few: 2, many: 4, all: 6 },
}
const UNITS: SearchUnit[] = [{ layer: 'conv.1', coded: true, macsShare: 0.15 }, { layer: 'add', coded: true, macsShare: null }, { layer: 'conv2', coded: false, macsShare: 0.5 }, { layer: 'conv3', coded: false, macsShare: 0.1 }]

/** Some noise that depends on the settings alone; `method=b` fails. */
const noiseOf = ({ settings, samples }: Pick<TrialWish, 'settings' | 'samples'>): TrialScore => {
  if (settings.includes('method=b')) return { nsr: null, score: null }
  const nsr = 1 + (hashText(settings.join()) % 1000) / 1000
  return { nsr, score: 40 - nsr + samples / 100 }
}

function walk(known = new Map<string, TrialScore>(), most = Infinity, space = SPACE): { wishes: TrialWish[]; known: Map<string, TrialScore>; last: string } {
  const wishes: TrialWish[] = []
  let units: SearchUnit[] | null = null
  for (;;) {
    const step = nextStep(space, known, units)
    if (step.next === 'units') units = UNITS
    else if (step.next === 'done' || wishes.length === most) return { wishes, known, last: step.next }
    else {
      wishes.push(step.wish)
      known.set(wishKey(step.wish), noiseOf(step.wish))
    }
  }
}

describe('a search', () => {
  const { wishes } = walk()

  it('begins with the recipe as it is, tries every combination, and ends with all samples', () => {
    expect(wishes[0]).toEqual({ stage: 'start', settings: [], samples: 2 })
    expect(wishes.filter(({ stage }) => stage === 'grid').map(({ settings }) => settings)).toEqual([
      ['method=a'], ['method=b'], ['granularity=tensor'], ['method=a', 'granularity=tensor'], ['method=b', 'granularity=tensor'],
    ])
    expect(wishes.filter(({ stage }) => stage === 'final').every(({ samples }) => samples === 6)).toBe(true)
    expect(wishes.filter(({ stage }) => stage === 'final').length).toBeGreaterThanOrEqual(2)
    expect(wishes.map(({ samples }) => samples).filter((samples, index, list) => index > 0 && samples !== list[index - 1])).not.toHaveLength(0)
  })

  it('measures nothing twice and never goes on with what failed', () => {
    expect(new Set(wishes.map(wishKey)).size).toBe(wishes.length)
    expect(wishes.filter(({ stage, settings }) => stage !== 'grid' && settings.includes('method=b'))).toEqual([])
  })

  it('writes names with dots in quotes, gives methods only to what carries codes and float only while the share lasts', () => {
    const layered = wishes.filter(({ stage }) => stage === 'layers').flatMap(({ settings }) => settings.slice(-1))
    expect(layered.some((setting) => setting === 'quantize.layers."conv.1".method=a')).toBe(true)
    expect(layered.some((setting) => setting.includes('conv2') || setting.includes('conv3'))).toBe(false)
    const floats = wishes.filter(({ stage }) => stage === 'float').map(({ settings }) => settings.at(-1))
    expect(floats).not.toContain('quantize.layers.conv2.forward_with_float=true')
    expect(floats[0]).toBe('quantize.layers."conv.1".forward_with_float=true')
  })

  it('fine-tunes the recipe, the best two of the switches and what came of single layers, and ends with the best of those on all samples', () => {
    const finetune = ['quantize.finetune={}']
    const { wishes: all, known } = walk(new Map(), Infinity, { ...SPACE, finetune })
    const tuned = all.filter(({ settings }) => settings.includes(finetune[0]!))
    const [recipe, ...others] = tuned.filter(({ stage }) => stage === 'finetune')
    expect(recipe).toEqual({ stage: 'finetune', settings: finetune, samples: 4 })
    expect(others.length).toBeGreaterThanOrEqual(2)
    const quietest = [recipe!, ...others].toSorted((a, b) => known.get(wishKey(a))!.nsr! - known.get(wishKey(b))!.nsr!)[0]!
    expect(tuned.filter(({ stage }) => stage === 'final')).toEqual([{ stage: 'final', settings: quietest.settings, samples: 6 }])
    // Everything else is as without.
    expect(all.filter((wish) => !tuned.includes(wish)).map(wishKey)).toEqual(wishes.map(wishKey))
  })

  it.each([1, 3, 7, 12])('that stopped after %i trials goes on with the very trials that were left', (count) => {
    const first = walk(new Map(), count)
    const rest = walk(first.known)
    expect([...first.wishes, ...rest.wishes]).toEqual(wishes)
  })
})

describe('the best trial', () => {
  const trial = (settings: string[], samples: number, score: number | null, nsr: number | null, scoreError: number | null = null) => ({ settings, samples, score, nsr, scoreError })

  it('is of those on the most samples, by score', () => {
    const trials = [trial([], 2, 30, 5), trial(['a'], 2, 39, 1), trial([], 4, 30, 5), trial(['b'], 4, 32, 4)]
    expect(bestTrial(trials)).toBe(trials[3])
  })

  it('is the quieter one where scores part by less than chance', () => {
    const trials = [trial([], 4, 31.99, 3, 0.05), trial(['lucky'], 4, 32, 6, 0.05), trial(['worse'], 4, 31.9, 1, 0.05)]
    expect(bestTrial(trials)).toBe(trials[0])
  })

  it('is the quietest on fewer than four samples, whose error tells nothing, unless its score fell below the start by more than that', () => {
    const lucky = [trial([], 2, 32, 3, 0.2), trial(['lucky'], 2, 32.5, 2.9, 0.001), trial(['quiet'], 2, 31.95, 1, 0.1), trial(['harmful'], 2, 31.5, 0.5, 0.1), trial(['unsure'], 1, 99, 0)]
    expect(bestTrial(lucky)).toBe(lucky[2])
    expect(bestTrial(lucky.map((one) => ({ ...one, samples: 4 })).slice(0, 4))).toMatchObject({ settings: ['lucky'] })
    // One sample has no error: what lost there is no winner.
    expect(bestTrial([trial([], 1, 32, 3), trial(['lost'], 1, 31.99, 1)])).toMatchObject({ settings: [] })
  })

  it('is the start where nothing beats it, and nothing where all failed', () => {
    const trials = [trial([], 4, null, 3), trial(['same'], 4, null, 3), trial(['bad'], 4, null, null)]
    expect(bestTrial(trials)).toBe(trials[0])
    expect(bestTrial([trial(['bad'], 4, null, null)])).toBeUndefined()
    expect(bestTrial([])).toBeUndefined()
  })
})
