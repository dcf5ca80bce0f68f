import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { call } from '../../client.ts'
import { imageOf } from '../../ui/small-picture.ts'

const SIDE = 96

interface ThumbnailProps {
  readonly run: string
  readonly sample: number
  /** Others are asked first: a thumbnail may wait. */
  readonly mayAsk: boolean
}

/** A sample's input made small, asked for once it comes into sight. */
export function Thumbnail({ run, sample, mayAsk }: ThumbnailProps) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const [isSeen, setSeen] = useState(false)
  const { data } = useQuery({
    queryKey: ['pictures.thumbnail', { run, sample, side: SIDE }], enabled: isSeen && mayAsk, staleTime: Infinity,
    queryFn: ({ signal }) => call('pictures.thumbnail', { run, sample, side: SIDE }, signal),
  })
  useEffect(() => {
    const element = canvas.current
    if (element === null) return
    const watch = new IntersectionObserver((entries) => { if (entries.some((entry) => entry.isIntersecting)) setSeen(true) })
    watch.observe(element)
    return () => watch.disconnect()
  }, [])
  useEffect(() => {
    if (data !== undefined) canvas.current?.getContext('2d')?.putImageData(imageOf(data), 0, 0)
  }, [data])
  return <canvas className="thumbnail" ref={canvas} width={data?.width ?? 1} height={data?.height ?? 1} data-empty={data === undefined || undefined} aria-hidden="true" />
}
