/** A word of a command line, quoted where a shell would split or change it. */
export const shellWord = (word: string): string => (/^[\w@%+=:,./\\-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)
