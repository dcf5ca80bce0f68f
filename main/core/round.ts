const RNE = 6755399441055744 // 1.5 * 2^52: adding it leaves no fraction bits, so the sum rounds to even

/** Nearest integer, ties to even; exact for |x| < 2^51. Returns +0, never -0. */
export const roundHalfEven = (x: number): number => x + RNE - RNE + 0
