/** Responsible for the addresses of the dashboard: which screen is at which address, and which parameters it has. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router'
import { Frame, Loading } from './frame/frame.tsx'
import { ScreenFailed, NoSuchScreen } from './frame/dead-ends.tsx'
import { Home } from './screens/home/home.tsx'

type Search<Name extends string> = { readonly [Key in Name]?: string }

/** Search parameters are texts; unknown ones are dropped. */
const search =
  <Name extends string>(...names: readonly Name[]) =>
  (given: Record<string, unknown>): Search<Name> => {
    const found: { [Key in Name]?: string } = {}
    for (const name of names) {
      const value = given[name]
      if (typeof value === 'string' && value !== '') found[name] = value.slice(0, 500)
    }
    return found
  }

const root = createRootRoute({ component: Frame, notFoundComponent: NoSuchScreen })
const getParentRoute = () => root

const tree = root.addChildren([
  createRoute({ getParentRoute, path: '/', component: Home }),
  // After a sign-in at this address the person continues to Home, whose own address then survives a reload.
  createRoute({
    getParentRoute,
    path: '/sign-in',
    component: lazyRouteComponent(() => import('./frame/signed-in-here.tsx'), 'SignedInHere'),
  }),
  createRoute({
    getParentRoute,
    path: '/jobs',
    validateSearch: search('status', 'q'),
    component: lazyRouteComponent(() => import('./screens/jobs/jobs.tsx'), 'Jobs'),
  }),
  createRoute({
    getParentRoute,
    path: '/jobs/$jobId',
    validateSearch: search('attempt', 'compare', 'ask'),
    component: lazyRouteComponent(() => import('./screens/jobs/job.tsx'), 'Job'),
  }),
  createRoute({
    getParentRoute,
    path: '/reviews',
    validateSearch: search('show', 'q'),
    component: lazyRouteComponent(() => import('./screens/reviews/reviews.tsx'), 'Reviews'),
  }),
  createRoute({
    getParentRoute,
    path: '/reviews/$reviewId',
    validateSearch: search('show', 'q'),
    component: lazyRouteComponent(() => import('./screens/reviews/reviews.tsx'), 'OneReview'),
  }),
  createRoute({
    getParentRoute,
    path: '/chat',
    validateSearch: search('thread', 'compare'),
    component: lazyRouteComponent(() => import('./screens/chat/chat.tsx'), 'Chat'),
  }),
  createRoute({
    getParentRoute,
    path: '/threads',
    validateSearch: search('q', 'show'),
    component: lazyRouteComponent(() => import('./screens/threads/threads.tsx'), 'Threads'),
  }),
  createRoute({
    getParentRoute,
    path: '/threads/$threadId',
    component: lazyRouteComponent(() => import('./screens/threads/thread.tsx'), 'Thread'),
  }),
  createRoute({
    getParentRoute,
    path: '/work',
    component: lazyRouteComponent(() => import('./screens/work/work.tsx'), 'Work'),
  }),
  createRoute({
    getParentRoute,
    path: '/work/$jobId',
    component: lazyRouteComponent(() => import('./screens/work/work-job.tsx'), 'WorkJob'),
  }),
  // An earlier address of this screen.
  createRoute({
    getParentRoute,
    path: '/my-work',
    beforeLoad: () => {
      throw redirect({ to: '/work', replace: true })
    },
  }),
  createRoute({
    getParentRoute,
    path: '/schedules',
    validateSearch: search('edit', 'chat'),
    component: lazyRouteComponent(() => import('./screens/schedules/schedules.tsx'), 'Schedules'),
  }),
  createRoute({
    getParentRoute,
    path: '/workers',
    validateSearch: search('q', 'show', 'group'),
    component: lazyRouteComponent(() => import('./screens/workers/workers.tsx'), 'Workers'),
  }),
  createRoute({
    getParentRoute,
    path: '/workers/register',
    component: lazyRouteComponent(() => import('./screens/workers/register.tsx'), 'Register'),
  }),
  createRoute({
    getParentRoute,
    path: '/workers/$workerId',
    validateSearch: search('add'),
    component: lazyRouteComponent(() => import('./screens/workers/worker.tsx'), 'Worker'),
  }),
  createRoute({
    getParentRoute,
    path: '/killswitch',
    validateSearch: search('level'),
    component: lazyRouteComponent(() => import('./screens/killswitch/killswitch.tsx'), 'Killswitch'),
  }),
  createRoute({
    getParentRoute,
    path: '/audit',
    validateSearch: search('actor', 'action', 'worker', 'job', 'since', 'until', 'row'),
    component: lazyRouteComponent(() => import('./screens/audit/audit.tsx'), 'Audit'),
  }),
  createRoute({
    getParentRoute,
    path: '/settings',
    validateSearch: search('tab', 'hook'),
    component: lazyRouteComponent(() => import('./screens/settings/settings.tsx'), 'Settings'),
  }),
])

export const router = createRouter({
  routeTree: tree,
  defaultPreload: 'intent',
  defaultPendingComponent: Loading,
  defaultErrorComponent: ScreenFailed,
  scrollRestoration: true,
  // Plain `name=value`, because people read and edit addresses.
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
