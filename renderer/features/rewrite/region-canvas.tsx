import { useLayoutEffect, useRef } from 'react'
import type { RepairView } from '../../../preload/contract/index.ts'
import { imageOf } from '../../ui/small-picture.ts'

type Bytes = RepairView['pictures']['before']

interface RegionCanvasProps {
  readonly picture: Bytes
  /** What it shows, in words. */
  readonly label: string
  /** Only this part of it, in pixels; absent: all. */
  readonly region?: Pick<RepairView['tile'], 'x' | 'y' | 'width' | 'height'> | undefined
}

/** A picture, or a part of it, pixel by pixel; the style sheet decides its size. */
export function RegionCanvas({ picture, label, region }: RegionCanvasProps) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const { x, y, width, height } = region ?? { x: 0, y: 0, width: picture.width, height: picture.height }
  useLayoutEffect(() => {
    if (canvas.current === null) return
    // A canvas that gets a size is empty.
    canvas.current.width = width
    canvas.current.height = height
    canvas.current.getContext('2d')?.putImageData(imageOf(picture), -x, -y)
  }, [picture, x, y, width, height])
  return <canvas ref={canvas} role="img" aria-label={label} data-part={region === undefined ? undefined : true} />
}
