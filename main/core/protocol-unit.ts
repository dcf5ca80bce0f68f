import type { Quality } from './run.ts'

/** The unit of a protocol's numbers, by its id. */
export function unitOf(protocol: string): Quality['unit'] {
  if (/^(psnr|sqnr)/.test(protocol)) return 'dB'
  if (/^(agreement\/|top\d|ap)/.test(protocol)) return '%'
  const own = /^score\/.*\/(%|dB|ratio)$/.exec(protocol)?.[1]
  return (own as Quality['unit'] | undefined) ?? 'ratio'
}
