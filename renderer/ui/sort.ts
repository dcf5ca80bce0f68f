/** A sort as it stands in the address: `sqnr` upwards, `-sqnr` downwards; several are joined by commas, the first counts most. */
export type SortText = string

export interface SortKey {
  readonly id: string
  readonly down: boolean
}

export const sortKeys = (sort: SortText): readonly SortKey[] =>
  sort.split(',').filter(Boolean).map((part) => ({ id: part.replace(/^-/, ''), down: part.startsWith('-') }))

const sortText = (keys: readonly SortKey[]): SortText => keys.map(({ id, down }) => (down ? `-${id}` : id)).join(',')

/**
 * The sort after a click on a column: first its first direction, then the other, then none. `adds` keeps the other columns;
 * the column keeps its rank among them.
 */
export function toggledSort(sort: SortText, id: string, { adds, downFirst }: { readonly adds: boolean; readonly downFirst: boolean }): SortText {
  const keys = sortKeys(sort)
  const known = keys.find((key) => key.id === id)
  const next = known === undefined ? { id, down: downFirst } : known.down === downFirst ? { id, down: !downFirst } : null
  if (!adds) return next === null ? '' : sortText([next])
  return sortText(known === undefined ? [...keys, { id, down: downFirst }] : keys.flatMap((key) => (key.id !== id ? [key] : next === null ? [] : [next])))
}

type SortValue = string | number | null | undefined

/** Names with numbers in them stand in the order of the numbers: `conv2`, `conv10`. */
const names = new Intl.Collator(['en', 'zh'], { numeric: true })

const isNothing = (value: SortValue): value is null | undefined => value === null || value === undefined || Number.isNaN(value)

function order(a: SortValue, b: SortValue, down: boolean): number {
  if (isNothing(a) || isNothing(b)) return Number(isNothing(a)) - Number(isNothing(b))
  const up = typeof a === 'number' && typeof b === 'number' ? Math.sign(a - b) : names.compare(String(a), String(b))
  return down ? -up : up
}

/** Rows by several columns; rows of equal rank stay as they were, rows without a value come last in either direction. */
export function sortedRows<Row>(rows: readonly Row[], sort: SortText, valueOf: (id: string) => ((row: Row) => SortValue) | undefined): readonly Row[] {
  const keys = sortKeys(sort).flatMap(({ id, down }) => {
    const value = valueOf(id)
    return value === undefined ? [] : [{ values: rows.map(value), down }]
  })
  if (keys.length === 0) return rows
  const places = rows.map((_row, place) => place).toSorted((a, b) => {
    for (const { values, down } of keys) {
      const sign = order(values[a], values[b], down)
      if (sign !== 0) return sign
    }
    return 0
  })
  return places.map((place) => rows[place]!)
}
