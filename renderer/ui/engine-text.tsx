import { useEngineWords } from '../texts/engine-words.ts'

/** A sentence that the engine wrote, in the person's language where it is known and as it was written elsewhere. */
export function EngineText({ text, className }: { readonly text: string; readonly className?: string }) {
  const shown = useEngineWords()(text)
  return <span className={className} lang={shown.lang}>{shown.text}</span>
}
