/** Responsible for subscriptions of browsers to notifications: it adds the browser's data and the page's origin to the call. */
import type { Exchange, Reply } from '../exchange.ts'
import { visitOf } from '../sessions/visit.ts'
import { perform } from '../tenant-call.ts'

export const subscribeDevice = (exchange: Exchange<'devices.subscribe'>): Promise<Reply> =>
  perform(exchange, 'devices.subscribe', exchange.input, { visit: visitOf(exchange) })
