/** What stands for "no difference at all" wherever a ratio in dB is shown, written or stored: JSON has no infinity. */
export const DECIBEL_CAP = 120

/** Decibels cut to ±120, the convention of ALGORITHMS 8.1. NaN stays NaN: it is a fault, not a level. */
export const cappedDecibels = (decibels: number): number => Math.min(DECIBEL_CAP, Math.max(-DECIBEL_CAP, decibels))
