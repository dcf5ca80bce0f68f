import { FONT } from './scene.ts'

const CAPTION = 26

/** The view as a PNG, with a line below that says what it is. */
export async function pictureOfView(canvas: HTMLCanvasElement, caption: string, density: number): Promise<Blob> {
  const strip = Math.round(CAPTION * density)
  const sheet = document.createElement('canvas')
  sheet.width = canvas.width
  sheet.height = canvas.height + strip
  const context = sheet.getContext('2d', { alpha: false })
  if (context === null) throw new Error('the browser gives no canvas')
  context.drawImage(canvas, 0, 0)
  context.fillStyle = '#0e1115'
  context.fillRect(0, canvas.height, sheet.width, strip)
  context.fillStyle = '#e7ecf2'
  context.font = `${12 * density}px ${FONT}`
  context.textBaseline = 'middle'
  context.fillText(caption, 10 * density, canvas.height + strip / 2, sheet.width - 20 * density)
  const blob = await new Promise<Blob | null>((resolve) => sheet.toBlob(resolve, 'image/png'))
  if (blob === null) throw new Error('the browser made no picture of the view')
  return blob
}

/** A name that any file system takes. */
export const fileNameOf = (parts: readonly string[]): string => `${parts.map((part) => part.replace(/[^\w.-]+/g, '-')).join('_')}.png`
