import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { quietTask } from '../../main/core/task.ts'
import type { ProofFacts, Run } from '../../main/core/run.ts'
import { DATABASE_NAME, openDatabase } from '../../main/store/database.ts'
import { openStore, type Store } from '../../main/store/open-store.ts'
import { backToSchema } from '../fixtures/older-schema.ts'
import { sampleEnvironment, sampleRun } from '../fixtures/sample-run.ts'
import { temporaryFolder } from '../fixtures/temporary-folder.ts'

const folder = temporaryFolder()

const plain: ProofFacts = { rewrite: 'fold-batchnorm', nodes: ['bn'], verdict: 'within tolerance', maxAbs: 0.5, inputs: 13, borders: true }
const whole: ProofFacts = { ...plain, relative: 1e-7, ulp: 3, edgeMaxAbs: 0.25, worst: { output: 'y', input: 'ramp down', position: [0, 2, 7, 1], what: '' } }
const told: ProofFacts = {
  ...whole, tried: [{ input: 'noise 0', seed: 0, maxAbs: 0.5 }, { input: 'ramp down', seed: null, maxAbs: 0 }],
  outputs: [{ output: 'y', maxAbs: 0.5, edgeMaxAbs: 0.25, insideMaxAbs: 0.5, relative: 1e-7, ulp: 3 }],
}
const exact: ProofFacts = { ...plain, verdict: 'exact', maxAbs: 0, relative: 0, ulp: 0, edgeMaxAbs: 0, worst: null }

function record(store: Store, proofs: readonly ProofFacts[]): Run {
  const run = { ...sampleRun(store.beginRun({ verb: 'rewrite', environment: sampleEnvironment })), proofs }
  store.finishRun(run)
  return run
}

describe('details of a proof', () => {
  it('are kept with the run; those that were not written stay absent', () => {
    const own = join(folder, 'kept')
    const store = openStore(own)
    const run = record(store, [told, whole, exact, plain])
    store.close()
    const again = openStore(own)
    expect(again.getRun(run.run).proofs).toStrictEqual([told, whole, exact, plain])
    again.close()
  })

  it('are absent in a workspace of schema 2 that is brought forward, and nothing else changes', () => {
    const own = join(folder, 'second-schema')
    const store = openStore(own)
    const run = record(store, [whole, plain])
    store.close()
    const db = openDatabase(own)
    backToSchema(db, 2)
    db.close()
    const forward = openStore(own)
    expect(forward.getRun(run.run)).toStrictEqual({ ...run, proofs: [plain, plain] })
    const later = record(forward, [whole])
    expect(forward.getRun(later.run).proofs).toStrictEqual([whole])
    forward.close()
    expect(existsSync(join(own, `${DATABASE_NAME}.v2.backup`))).toBe(true)
  })

  it('of single inputs and outputs are absent in a workspace of schema 3', () => {
    const own = join(folder, 'third-schema')
    const store = openStore(own)
    const run = record(store, [told])
    store.close()
    const db = openDatabase(own)
    backToSchema(db, 3)
    db.close()
    const forward = openStore(own)
    expect(forward.getRun(run.run).proofs).toStrictEqual([whole])
    forward.close()
  })

  it('go into a history file and come back; a file without them is taken too', async () => {
    const from = openStore(join(folder, 'from'))
    const run = record(from, [told, whole, exact, plain])
    const file = join(folder, 'history.scalewright')
    await from.exportHistory({ artifacts: false, out: file }, quietTask)
    from.close()
    const to = openStore(join(folder, 'to'))
    await to.importHistory(file, quietTask)
    expect(to.getRun(run.run).proofs).toStrictEqual([told, whole, exact, plain])
    to.close()
  })
})
