/** The window stays free for a key or a frame after so long. */
const SLICE_MS = 8

/** Lets the browser do what it has to, and comes back as soon as it can. */
export const nextTurn = (): Promise<void> =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    port1.addEventListener('message', () => {
      port1.close()
      resolve()
    })
    port1.start()
    port2.postMessage(null)
  })

/** Does `count` rows of work in order, a few milliseconds at a time and none at once. Rejects with the signal's reason. */
export async function inSlices(count: number, work: (from: number, to: number) => void, signal: AbortSignal, rowsAtOnce = 16): Promise<void> {
  // Several works that begin together must not add up to one long task.
  await nextTurn()
  signal.throwIfAborted()
  let until = performance.now() + SLICE_MS
  for (let row = 0; row < count; row += rowsAtOnce) {
    work(row, Math.min(count, row + rowsAtOnce))
    if (performance.now() < until) continue
    await nextTurn()
    signal.throwIfAborted()
    until = performance.now() + SLICE_MS
  }
}
