// Puts the remembered theme and language on the page before anything is drawn, so that nothing flashes. Its words are those of
// app/settings.ts. A browser that keeps nothing for this page gets what its system prefers.
{
  const root = document.documentElement
  let kept = {}
  try {
    kept = JSON.parse(localStorage.getItem('scalewright.settings') ?? '{}') ?? {}
  } catch (error) {
    console.warn('The remembered settings cannot be read.', error)
  }
  const follows = kept.theme !== 'light' && kept.theme !== 'dark' && kept.theme !== 'contrast'
  const light = kept.theme === 'light' || (follows && matchMedia('(prefers-color-scheme: light)').matches)
  root.dataset.mantineColorScheme = light ? 'light' : 'dark'
  if (kept.theme === 'contrast') root.dataset.contrast = 'more'
  root.lang = kept.language === 'en' || kept.language === 'zh' ? kept.language : /^zh/i.test(navigator.language) ? 'zh' : 'en'
}

// What strict-page.ts says, said before any chunk of the window is run: whichever part of it makes the first check, none is made from text.
Object.assign(globalThis, { __zod_globalConfig: { jitless: true } })
