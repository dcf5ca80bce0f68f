/** Whether letters belong to what has the focus: a text that is typed, or a choice. A box that is ticked takes none. */
export const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(target.tagName) || (target instanceof HTMLInputElement && target.type !== 'checkbox'))

/** The key that was pressed in a field; '' while an input method composes a text, to which Enter and Escape belong. */
export const typedKey = ({ key, nativeEvent }: { readonly key: string; readonly nativeEvent: { readonly isComposing: boolean } }): string => (nativeEvent.isComposing ? '' : key)
