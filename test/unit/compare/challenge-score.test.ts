import { expect, test } from 'vitest'
import { challengeNote, mobileAiScore } from '../../../main/compare/challenge-score.ts'
import type { Latency, Quality } from '../../../main/core/run.ts'

const timing = (median: number) => ({ median, min: median, spread: 0, runs: 10 })
const LATENCY: Latency = { protocol: 'turns/warmup3/threads2/1x3x8x8', floatMs: timing(8), fusedMs: timing(4), ratio: 0.5 }
const QUALITY: Quality = {
  protocol: 'psnr-y/shave2/studio', unit: 'dB', float: 12, simulated: 11.5, fused: 11, perSample: [],
  others: { 'psnr-rgb/shave2': { float: 10, simulated: 9.5, fused: 9 }, 'ssim-y/shave2/studio': { float: 0.9, simulated: 0.9, fused: 0.9 } },
}

test('2^(2·PSNR) / (C·runtime)', () => {
  expect(mobileAiScore(10, 8, 1)).toBe(2 ** 20 / 8)
  expect(mobileAiScore(10, 8, 1024)).toBe(128)
  // One dB more is worth four times the time.
  expect(mobileAiScore(31, 40, 5)).toBe(mobileAiScore(30, 10, 5))
})

test('the note gives both scores by PSNR over all colours, with what they rest on', () => {
  const note = challengeNote({ kind: 'mobile-ai', c: 1024 }, QUALITY, LATENCY)
  expect(note).toContain('C = 1024: float 128 (10.000 dB, 8 ms), fused 64 (9.000 dB, 4 ms)')
  expect(note).toContain('psnr-rgb/shave2')
  expect(note).toContain('turns/warmup3/threads2/1x3x8x8')
  expect(note).toContain('this host')
})

test('what is missing is said instead of a score', () => {
  const score = { kind: 'mobile-ai', c: 1 } as const
  expect(challengeNote(score, QUALITY, undefined)).toBe('There is no mobile-ai score: no latency was measured (compare.latency).')
  expect(challengeNote(score, { ...QUALITY, protocol: 'sqnr/output', others: {} }, LATENCY)).toBe('There is no mobile-ai score: no PSNR was measured.')
  expect(challengeNote(score, { ...QUALITY, others: {}, float: null }, LATENCY)).toContain('float none (no finite PSNR), fused 1049000 (11.000 dB, 4 ms)')
})
