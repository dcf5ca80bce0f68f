import type { Migration } from '../migrate.ts'

/** How far apart the outputs of a proof were, and where. Proofs of earlier runs have none of it: NULL is a key that is absent. */
export const proofDetails: Migration = {
  version: 3,
  name: 'proof-details',
  sql: `
    ALTER TABLE proofs ADD COLUMN relative REAL;
    ALTER TABLE proofs ADD COLUMN ulp REAL;
    ALTER TABLE proofs ADD COLUMN edge_max_abs REAL;
    ALTER TABLE proofs ADD COLUMN worst TEXT;
  `,
}
