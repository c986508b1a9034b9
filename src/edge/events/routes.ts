/**
 * Responsible for giving followers the tenant's events: it passes a WebSocket of the tenant object through, or translates it to server-sent
 * events. The object has only WebSockets, which hibernate, so a stream that is open here does not keep it awake.
 */
import type { Parsed } from '@modelreins/contract'
import { fail } from '../../domain/result.ts'
import type { Exchange, Reply } from '../exchange.ts'
import { callObject, failureIn, tenantOf } from '../tenant-call.ts'
import { credentialHeader } from '../routes/claims.ts'

const headers = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', 'x-accel-buffering': 'no' }

/** Sends the query to the object; a header of this name in the client's request is not passed on. */
const feedHeader = 'x-modelreins-feed'

const keepAliveMs = 20_000
/** The most unread bytes of a client; a slower client is disconnected, and resumes from its last sequence number. */
const mostBehind = 1024 * 1024

const encoder = new TextEncoder()

/** The query; the `Last-Event-ID` of a reconnecting follower replaces `after`. */
function queryOf({ input, request }: Exchange<'events.follow'>): Parsed<'events.follow'> {
  const last = request.headers.get('last-event-id')
  return last !== null && /^\d{1,15}$/.test(last) ? { ...input, after: Number(last) } : input
}

/** A frame as a server-sent event; the JSON text of the object stays unchanged. */
export function serverSentEvent(text: string): string {
  const { type, seq }: { readonly type?: string; readonly seq?: number } = JSON.parse(text)
  return `${seq === undefined ? '' : `id: ${seq}\n`}event: ${type}\ndata: ${text}\n\n`
}

function streamOf(socket: WebSocket): ReadableStream<Uint8Array> {
  let stop = (): void => {}
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const end = (): void => {
          clearInterval(timer)
          try {
            controller.close()
          } catch {
            // The client has closed the stream already.
          }
        }
        const say = (text: string): void => {
          if ((controller.desiredSize ?? 0) <= 0) return stop()
          controller.enqueue(encoder.encode(text))
        }
        const timer = setInterval(() => say(': still here\n\n'), keepAliveMs)
        stop = () => {
          end()
          socket.close(1000)
        }
        socket.addEventListener('message', (event) => say(serverSentEvent(String(event.data))))
        socket.addEventListener('close', end)
        socket.addEventListener('error', end)
        say('retry: 1000\n\n')
        socket.accept()
      },
      cancel: () => stop(),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: mostBehind }),
  )
}

export async function followEvents(exchange: Exchange<'events.follow'>): Promise<Reply> {
  const { request, env, ports, request_id, caller } = exchange
  const tenant = tenantOf(exchange)
  if (tenant === undefined) return fail('forbidden', 'This token does not belong to a tenant.')
  const asked = new Headers({
    upgrade: 'websocket',
    [credentialHeader]: JSON.stringify(caller.credential),
    [feedHeader]: JSON.stringify(queryOf(exchange)),
    'x-request-id': request_id,
  })
  const about = { object: 'tenant', operation: exchange.id, idempotent: true } as const
  const opened = await callObject(exchange, about, () =>
    ports.tenant(env, tenant).fetch(new Request(new URL('/api/v1/events', request.url), { headers: asked })),
  )
  if (!(opened instanceof Response)) return opened
  if (opened.status !== 101 || opened.webSocket === null) return failureIn(opened)
  if (request.headers.get('upgrade')?.toLowerCase() === 'websocket') return opened
  if (request.method === 'HEAD') {
    opened.webSocket.accept()
    opened.webSocket.close(1000)
    return new Response(null, { headers })
  }
  return new Response(streamOf(opened.webSocket), { headers })
}
