import { expectTypeOf, test } from 'vitest'
import type { ComparedRuns as StoredComparison, RunDiff as StoredDiff } from '../../main/app/api.ts'
import type { Run as RecordedRun } from '../../main/core/run.ts'
import type { ComparedRuns, Run, RunDiff } from '../../preload/contract/index.ts'

// The contract imports nothing of main, and core nothing of the contract: each has its own types of a run. `npm run types` compares them.
test('what the window knows of a run is what is recorded, key by key', () => {
  expectTypeOf<Run>().toEqualTypeOf<RecordedRun>()
})

test('a difference and a comparison of runs are taken as they are told', () => {
  expectTypeOf<StoredDiff>().toExtend<RunDiff>()
  expectTypeOf<Omit<StoredComparison, 'runs'>>().toExtend<Omit<ComparedRuns, 'runs'>>()
  expectTypeOf<Omit<ComparedRuns, 'runs'>>().toExtend<Omit<StoredComparison, 'runs'>>()
})
