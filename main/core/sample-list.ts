import { extname } from 'node:path'

/** True for a samples path that is a list of pictures, which may lie anywhere. */
export const isSampleList = (path: string): boolean => extname(path).toLowerCase() === '.txt'
