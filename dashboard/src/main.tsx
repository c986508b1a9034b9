/** Responsible for starting the dashboard in the page; it draws nothing itself. */
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { queryClient } from './api/queries.ts'
import { watchForNewVersion } from './frame/new-version.ts'
import { places } from './frame/places.ts'
import { applyTheme } from './parts/settings-store.ts'
import { showWholeTexts } from './parts/whole-text.ts'
import { router } from './routes.ts'
import './styles.css'

applyTheme()
watchForNewVersion()
showWholeTexts()

const root = document.getElementById('root')
if (root === null) throw new Error('the page has no root')
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
)

// A notification was clicked: the service worker sends the address of its page.
if ('serviceWorker' in navigator)
  navigator.serviceWorker.addEventListener('message', ({ data }: MessageEvent<{ readonly open?: unknown } | null>) => {
    if (typeof data?.open === 'string' && /^\/(?!\/)/.test(data.open)) router.history.push(data.open)
  })

// The code of the other screens is fetched while the browser is idle, so that they open at once later.
const whenIdle = typeof requestIdleCallback === 'function' ? requestIdleCallback : (run: () => void) => setTimeout(run, 2_000)
addEventListener('load', () => {
  whenIdle(() => {
    for (const { to } of places) void router.preloadRoute({ to })
  })
})
