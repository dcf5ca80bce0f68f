/** A name as it stands in a dotted path of `--set`: in double quotes where it holds dots, `=` or quotes. */
export const shownName = (name: string): string => (/^[^".=\s][^".=]*$/.test(name) ? name : `"${name.replace(/(["\\])/g, '\\$1')}"`)
