import { finite } from '../core/finite.ts'

/** The one JSON document of `--json`. */
export const jsonDocument = (value: unknown): string => `${JSON.stringify(finite(value), null, 2)}\n`
