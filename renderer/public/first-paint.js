// Puts the remembered theme and language on the page before anything is drawn, so that nothing flashes. Its words are those of
// app/settings.ts. A browser that keeps nothing for this page gets what its system prefers.
;(function () {
  var root = document.documentElement
  var stored = {}
  try {
    stored = JSON.parse(localStorage.getItem('scalewright.settings') || '{}') || {}
  } catch (error) {
    console.warn('The remembered settings cannot be read.', error)
  }
  var light = stored.theme === 'light' || ((stored.theme || 'system') === 'system' && matchMedia('(prefers-color-scheme: light)').matches)
  root.setAttribute('data-mantine-color-scheme', light ? 'light' : 'dark')
  if (stored.theme === 'contrast') root.setAttribute('data-contrast', 'more')
  root.lang = stored.language || (/^zh/i.test(navigator.language) ? 'zh' : 'en')
})()
