/** Responsible for telling the tenant object which browser wants to be notified, and from which pages. */
import type { Exchange, Reply } from '../exchange.ts'
import { visitOf } from '../sessions/visit.ts'
import { perform } from '../tenant-call.ts'

export const subscribeDevice = (exchange: Exchange<'devices.subscribe'>): Promise<Reply> =>
  perform(exchange, 'devices.subscribe', exchange.input, { visit: visitOf(exchange) })
