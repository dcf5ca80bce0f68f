import { audit } from './engine/audit.ts'
import { boards } from './engine/boards.ts'
import { faults } from './engine/faults.ts'
import { numbers } from './engine/numbers.ts'
import { rewrite } from './engine/rewrite.ts'
import { runs } from './engine/runs.ts'
import { samples } from './engine/samples.ts'

/** What the engine writes into runs and views, by its English with named holes. A hole that begins with `_` is grammar of English and may be left out. */
export const engine: Readonly<Record<string, string>> = { ...rewrite, ...audit, ...samples, ...numbers, ...runs, ...boards, ...faults }
