interface MenuItem {
  readonly role?: 'appMenu' | 'editMenu' | 'windowMenu' | 'quit' | 'reload' | 'toggleDevTools' | 'resetZoom' | 'zoomIn' | 'zoomOut' | 'togglefullscreen'
  readonly label?: string
  readonly submenu?: MenuItem[]
}

/** Ready-made parts of the system only: the app's own commands are the page's (palette, keys). Copy, zoom and quit need a menu for their keys. */
export function menuTemplate({ mac, development }: { readonly mac: boolean; readonly development: boolean }): MenuItem[] {
  const tools: MenuItem[] = development ? [{ role: 'reload' }, { role: 'toggleDevTools' }] : []
  return [
    mac ? { role: 'appMenu' } : { label: 'Scalewright', submenu: [{ role: 'quit' }] },
    { role: 'editMenu' },
    { label: 'View', submenu: [...tools, { role: 'resetZoom' }, { role: 'zoomIn' }, { role: 'zoomOut' }, { role: 'togglefullscreen' }] },
    { role: 'windowMenu' },
  ]
}
