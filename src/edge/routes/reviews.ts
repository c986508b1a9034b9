/** Responsible for decisions on reviews: it adds the page's origin to the call, because a passkey signs for one origin only. */
import type { Exchange, Reply } from '../exchange.ts'
import { visitOf } from '../sessions/visit.ts'
import { perform } from '../tenant-call.ts'

export const decideReview = (exchange: Exchange<'reviews.decide'>): Promise<Reply> =>
  perform(exchange, 'reviews.decide', exchange.input, { visit: visitOf(exchange) })

export const signingOptions = (exchange: Exchange<'reviews.signing_options'>): Promise<Reply> =>
  perform(exchange, 'reviews.signing_options', exchange.input, { visit: visitOf(exchange) })
