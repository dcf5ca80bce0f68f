import { audit } from './engine/audit.ts'
import { boards } from './engine/boards.ts'
import { exported } from './engine/export.ts'
import { faults } from './engine/faults.ts'
import { knobs } from './engine/knobs.ts'
import { numbers } from './engine/numbers.ts'
import { refine } from './engine/refine.ts'
import { rewrite } from './engine/rewrite.ts'
import { runs } from './engine/runs.ts'
import { samples } from './engine/samples.ts'
import { tune } from './engine/tune.ts'

/** What the engine writes into runs and views, by its English with named holes. A hole that begins with `_` is grammar of English and may be left out. */
export const engine: Readonly<Record<string, string>> = { ...rewrite, ...refine, ...audit, ...samples, ...numbers, ...knobs, ...runs, ...tune, ...boards, ...exported, ...faults }
