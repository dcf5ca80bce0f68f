import { useLayoutEffect, useRef } from 'react'
import type { SmallPicture } from '../../../preload/contract/index.ts'
import { imageOf } from '../../ui/small-picture.ts'

interface RawCanvasProps {
  readonly picture: SmallPicture
  /** What it shows; absent: something beside it says so. */
  readonly label?: string
  readonly className?: string
}

/** A picture of raw bytes, pixel by pixel; the style sheet decides its size. */
export function RawCanvas({ picture, label, className }: RawCanvasProps) {
  const canvas = useRef<HTMLCanvasElement>(null)
  useLayoutEffect(() => {
    canvas.current?.getContext('2d')?.putImageData(imageOf(picture), 0, 0)
  }, [picture])
  return (
    <canvas
      ref={canvas} width={picture.width} height={picture.height} className={className}
      {...(label === undefined ? { 'aria-hidden': true } : { role: 'img', 'aria-label': label })}
    />
  )
}
