import type { ExportPreview } from '../../../preload/contract/index.ts'
import type { Say, TextKey } from '../../texts/texts.ts'
import { bytes } from '../../ui/format.ts'

type Sized = Pick<ExportPreview['files'][number], 'bytes' | 'size'>

const TEXTS: Readonly<Record<Exclude<Sized['size'], 'exact'>, TextKey>> = { about: 'export.size.about', most: 'export.size.most', least: 'export.size.least' }

/** How much a file takes, and how well that is known. */
export const sizeText = (say: Say, file: Sized): string => (file.size === 'exact' ? bytes(file.bytes) : say(TEXTS[file.size], { bytes: bytes(file.bytes) }))
