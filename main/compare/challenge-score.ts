import type { Latency, Quality } from '../core/run.ts'

/**
 * Score of the Mobile AI challenges' super-resolution tracks: `2^(2·PSNR) / (C·runtime)`. C is the organisers' constant that brings scores
 * to a handy size; it orders nothing, and no default is made up for it (docs/operators.md).
 */
export interface ChallengeScore {
  readonly kind: 'mobile-ai'
  readonly c: number
}

/** `psnrDb` in dB, `runtimeMs` in milliseconds. One dB is worth a factor of four in time. */
export const mobileAiScore = (psnrDb: number, runtimeMs: number, c: number): number => 2 ** (2 * psnrDb) / (c * runtimeMs)

/** PSNR over red, green and blue is what the challenge measured. */
const WANTED = /^psnr-rgb\//

/** The score of both versions in a sentence that says what it rests on, or why there is none. */
export function challengeNote({ c }: ChallengeScore, quality: Quality, latency: Latency | undefined): string {
  const of = (why: string): string => `There is no mobile-ai score: ${why}.`
  const protocols = [quality.protocol, ...Object.keys(quality.others)]
  const protocol = protocols.find((id) => WANTED.test(id)) ?? protocols.find((id) => id.startsWith('psnr-'))
  if (protocol === undefined) return of('no PSNR was measured')
  if (latency === undefined) return of('no latency was measured (compare.latency)')
  const psnr = protocol === quality.protocol ? quality : quality.others[protocol]!
  const version = (name: string, psnrDb: number | null, runtimeMs: number): string =>
    psnrDb === null ? `${name} none (no finite PSNR)` : `${name} ${text(mobileAiScore(psnrDb, runtimeMs, c))} (${psnrDb.toFixed(3)} dB, ${text(runtimeMs)} ms)`
  return `mobile-ai score 2^(2·PSNR) / (C·runtime), C = ${c}: ${version('float', psnr.float, latency.floatMs.median)}, ${version('fused', psnr.fused, latency.fusedMs.median)}; `
    + `PSNR by ${protocol}, runtime in ms on this host's CPU by ${latency.protocol}, so it compares with scores of this host and this input alone.`
}

const text = (value: number): string => String(Number(value.toPrecision(4)))
