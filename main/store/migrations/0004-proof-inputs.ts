import type { Migration } from '../migrate.ts'

/** What a proof was tried on, and how each output came out of it. Proofs of earlier runs have none of it: NULL is a key that is absent. */
export const proofInputs: Migration = {
  version: 4,
  name: 'proof-inputs',
  sql: `
    ALTER TABLE proofs ADD COLUMN tried TEXT;
    ALTER TABLE proofs ADD COLUMN outputs TEXT;
  `,
}
