/** Responsible for the addresses of the dashboard: which screen stands where, and what of it is in the address. */
import { createRootRoute, createRoute, createRouter } from '@tanstack/react-router'
import { Frame, Loading } from './frame/frame.tsx'
import { ScreenFailed, NoSuchScreen } from './frame/dead-ends.tsx'
import { Home } from './screens/home.tsx'

const root = createRootRoute({ component: Frame, notFoundComponent: NoSuchScreen })
const getParentRoute = () => root

const tree = root.addChildren([
  createRoute({ getParentRoute, path: '/', component: Home }),
  createRoute({ getParentRoute, path: '/sign-in', component: Home }),
])

export const router = createRouter({
  routeTree: tree,
  defaultPreload: 'intent',
  defaultPendingComponent: Loading,
  defaultErrorComponent: ScreenFailed,
  scrollRestoration: true,
  // Plain `name=value`: an address is read and written by people.
  parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch: (given) => {
    const kept = Object.entries(given).flatMap(([name, value]) => (typeof value === 'string' && value !== '' ? [[name, value]] : []))
    const text = new URLSearchParams(kept).toString()
    return text === '' ? '' : `?${text}`
  },
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
