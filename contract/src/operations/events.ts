/** Responsible for the rows of the operations table about the event feed. */
import * as z from 'zod'
import { feedQuery } from '../feed.ts'
import { operation } from './row.ts'

export const eventsOperations = {
  'events.follow': operation({
    method: 'GET',
    path: '/api/v1/events',
    scope: 'self',
    by: 'edge',
    repeat: 'safe',
    tool: false,
    summary: 'Events of the tenant as they happen, by WebSocket or server-sent events, resumable by sequence',
    input: feedQuery,
    example: { after: 4711, noun: 'job,review' },
    output: z.unknown(),
    status: 200,
    problems: ['conflict', 'unavailable'],
    held: true,
    produces: 'text/event-stream',
  }),
} as const
