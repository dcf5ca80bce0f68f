import type { Run } from '../../client.ts'
import { project } from '../../project/project.ts'
import { changedParts } from '../../project/steps.ts'

/** Whether the project's recipe still says what its run was made with. */
export const isPrepared = (run: Run): boolean => project().ran?.id !== run.run || changedParts(project()).length === 0
