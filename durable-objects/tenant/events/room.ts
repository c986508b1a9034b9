/** Responsible for the events room: the feed of a tenant's events. */
import type { Room } from '../kernel/room.ts'
import { Feed } from './feed.ts'

declare module '../kernel/context.ts' {
  interface Live {
    readonly feed: Feed
  }
}

export const eventRoom = {
  name: 'events',
  memory: (host) => ({ feed: new Feed(host) }),
  restore: ({ live }) => live.feed.begin(),
  // `run` is empty: running the duties ends with a commit, and `onCommit` sends the changed presences.
  duties: [{ next: ({ live }) => live.feed.silenceAt(), run: () => {} }],
  effects: {
    distrust: ({ live }, { member_id, key }) => live.feed.disconnect(member_id, key),
    disconnect: ({ live }, { worker_id }) => live.feed.disconnect(worker_id),
  },
  onCommit: ({ live }) => {
    live.feed.tell()
    live.feed.tellPresence()
  },
} satisfies Room
