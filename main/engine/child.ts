import { jobs } from './jobs.ts'
import { serveJob } from './serve-job.ts'

// Entry of the engine process.
serveJob(jobs)
