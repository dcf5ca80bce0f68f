/** Whether what died may be started again: at most `most` times in a minute. */
export function restarts(most = 3, now: () => number = () => performance.now()): () => boolean {
  let times: number[] = []
  return () => {
    times = [...times.filter((at) => now() - at < 60_000), now()]
    return times.length <= most
  }
}
