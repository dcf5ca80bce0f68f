import { QueryClient } from '@tanstack/react-query'
import { expect, test } from 'vitest'
import { takeEvent } from '../../../renderer/app/live.ts'
import type { AppEvent, Job, JobDetail } from '../../../renderer/client.ts'

const KEY = ['jobs.get', { id: 'a' }]

const job = (state: Job['state']): Job =>
  ({ id: 'a', kind: 'run', mode: null, state, paused: false, position: 0, progress: null, run: null, runs: [], recommendation: null, transfer: null, fault: null, created: '', started: null, ended: null })
const detail = (state: Job['state'], ...lines: readonly number[]): JobDetail =>
  ({ ...job(state), live: [], methods: [], log: lines.map(lineOf), command: '', recipe: null })
const lineOf = (n: number) => ({ n, time: '', level: 'info' as const, text: `line ${n}` })

/** A reply that was made before the events and comes in after them, as one that crosses them on its way does. */
async function crossed(events: readonly AppEvent[], reply: JobDetail, known?: JobDetail): Promise<JobDetail | undefined> {
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  if (known !== undefined) queries.setQueryData(KEY, known)
  let answer = (_detail: JobDetail): void => undefined
  const asked = queries.fetchQuery({ queryKey: KEY, queryFn: () => new Promise<JobDetail>((resolve) => { answer = resolve }) })
  for (const event of events) takeEvent(queries, event)
  answer(reply)
  await asked
  await new Promise((resolve) => setTimeout(resolve))
  const found = queries.getQueryData<JobDetail>(KEY)
  queries.clear()
  return found
}

const ended: readonly AppEvent[] = [{ type: 'log', id: 1, job: 'a', line: lineOf(2) }, { type: 'job', id: 2, job: job('done') }]

test.each([['asked for the first time', undefined], ['asked again', detail('running', 1)]] as const)('the end of a job that crosses the reply about it is not lost: %s', async (_, known) => {
  const found = await crossed(ended, detail('running', 1), known)
  expect(found?.state).toBe('done')
  expect(found?.log.map(({ n }) => n)).toEqual([1, 2])
})

test('what the reply knows already is not told twice', async () => {
  const found = await crossed(ended, detail('done', 1, 2))
  expect(found?.state).toBe('done')
  expect(found?.log.map(({ n }) => n)).toEqual([1, 2])
})

test('an event about a job that nobody asked for makes no half-known job', () => {
  const queries = new QueryClient()
  for (const event of ended) takeEvent(queries, event)
  expect(queries.getQueryData(KEY)).toBeUndefined()
})
