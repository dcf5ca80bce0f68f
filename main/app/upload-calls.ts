import type { Handlers } from '../../preload/contract/calls.ts'
import type { App } from './api.ts'

type Names = 'uploads.begin' | 'uploads.state' | 'uploads.finish' | 'uploads.abort'

/** The calls around the pieces of an upload, which come by a way of their own (`takePiece`). */
export const uploadCalls = ({ uploads }: App): Pick<Handlers, Names> => ({
  'uploads.begin': async ({ files }) => ({ upload: await uploads.begin(files) }),
  'uploads.state': async ({ upload }) => {
    const { files, finished } = await uploads.state(upload)
    return { files: [...files], finished }
  },
  'uploads.finish': async ({ upload }) => ({ upload, paths: [...(await uploads.finish(upload))] }),
  'uploads.abort': async ({ upload }) => {
    await uploads.abort(upload)
    return {}
  },
})
