import type { z } from 'zod'

/** One call of the map: what goes in, what comes out, and whether it writes. */
export const call = <Request extends z.ZodType, Answer extends z.ZodType>(request: Request, reply: Answer, writes = false) => ({ request, reply, writes })
