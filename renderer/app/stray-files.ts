/**
 * A file that is dropped beside the places that take files would be opened by the browser instead of the page. Those places answer
 * after this, and may say otherwise.
 */
export function refuseStrayFiles(): void {
  const refuse = (event: DragEvent): void => {
    if (!event.dataTransfer?.types.includes('Files')) return
    event.preventDefault()
    event.dataTransfer.dropEffect = 'none'
  }
  for (const name of ['dragenter', 'dragover', 'drop'] as const) window.addEventListener(name, refuse, { capture: true })
}
