import type { Migration } from '../migrate.ts'
import { runs } from './0001-runs.ts'
import { history } from './0002-history.ts'
import { proofDetails } from './0003-proof-details.ts'
import { proofInputs } from './0004-proof-inputs.ts'
import { tuning } from './0005-tuning.ts'

/** Every migration, in order. */
export const migrations: readonly Migration[] = [runs, history, proofDetails, proofInputs, tuning]
