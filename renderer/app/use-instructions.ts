import { useCall } from '../client.ts'
import { instructionsOf } from './names.ts'

/** The widest instructions of this CPU in the words people use; empty until the engine said it, and where it cannot. */
export const useInstructions = (): string => instructionsOf(useCall('app.instructions', {}, { staleTime: Infinity }).data?.instructions.join(' ') ?? '')
