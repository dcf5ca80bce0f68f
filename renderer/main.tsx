import './strict-page.ts'
import './theme/styles.ts'
import { MantineProvider } from '@mantine/core'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { StrictMode, useEffect } from 'react'
import { createRoot } from 'react-dom/client'
import { RouterProvider } from 'react-router/dom'
import { installTrustedTypes } from '../preload/contract/index.ts'
import { openRouter } from './app/routes.tsx'
import { settings, useColorScheme, useSettings } from './app/settings.ts'
import { SignIn } from './app/sign-in.tsx'
import { refuseStrayFiles } from './app/stray-files.ts'
import { call, connect, faultOf, watchKey } from './client.ts'
import { openProject } from './project/project.ts'
import { changeLanguage, startTexts } from './texts/texts.ts'

const queries = new QueryClient({ defaultOptions: { queries: { retry: false, refetchOnWindowFocus: false, staleTime: 30_000 } } })

interface WindowProps {
  /** Null: this window is not signed in. */
  readonly router: ReturnType<typeof openRouter> | null
  readonly fault?: unknown
}

function Window({ router, fault }: WindowProps) {
  const { language } = useSettings()
  const scheme = useColorScheme()
  useEffect(() => {
    document.documentElement.lang = language
    void changeLanguage(language)
  }, [language])
  // Style elements that a library puts on the page would break the page's policy: Mantine's variables come from our own CSS files.
  return (
    <MantineProvider forceColorScheme={scheme} withCssVariables={false} withGlobalClasses={false} env="default">
      <QueryClientProvider client={queries}>
        {router === null ? <SignIn fault={fault} /> : <RouterProvider router={router} />}
      </QueryClientProvider>
    </MantineProvider>
  )
}

async function start(): Promise<void> {
  installTrustedTypes(window)
  watchKey()
  refuseStrayFiles()
  // The key leaves the address before anything is waited for: an address that comes meanwhile is a place.
  const [connected] = await Promise.allSettled([connect(), startTexts(settings().language)])
  const root = createRoot(document.querySelector('#root')!)
  try {
    if (connected.status === 'rejected') throw connected.reason
    const signedIn = connected.value
    if (signedIn) openProject((await call('app.info', {})).workspace)
    root.render(<StrictMode><Window router={signedIn ? openRouter() : null} /></StrictMode>)
  } catch (error) {
    root.render(<StrictMode><Window router={null} fault={faultOf(error)} /></StrictMode>)
  }
}

void start()
