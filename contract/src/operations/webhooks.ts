/** Responsible for the rows of the operations table about outbound webhooks. It knows no implementation. */
import * as service from '../service.ts'
import * as webhooks from '../webhook.ts'
import { operation } from './row.ts'

export const webhooksOperations = {
  'webhooks.create': operation({
    method: 'POST',
    path: '/api/v1/webhooks',
    scope: 'webhooks.manage',
    summary: 'Send reviews and the killswitch to an address, signed (Standard Webhooks); the secret is shown once',
    input: webhooks.webhookRequest,
    output: webhooks.webhookCreated,
    status: 201,
    problems: ['conflict'],
  }),
  'webhooks.list': operation({
    method: 'GET',
    path: '/api/v1/webhooks',
    scope: 'webhooks.manage',
    summary: 'List webhooks',
    input: webhooks.webhookList,
    output: webhooks.webhookPage,
    status: 200,
    problems: [],
  }),
  'webhooks.delete': operation({
    method: 'DELETE',
    path: '/api/v1/webhooks/:webhook_id',
    scope: 'webhooks.manage',
    summary: 'Delete a webhook and what was to be sent to it',
    input: webhooks.webhookRef,
    output: service.done,
    status: 200,
    problems: ['not-found'],
  }),
  'webhooks.deliveries': operation({
    method: 'GET',
    path: '/api/v1/webhooks/:webhook_id/deliveries',
    scope: 'webhooks.manage',
    summary: 'What was sent, what the receiver answered, and what is still to be sent, newest first',
    input: webhooks.webhookDeliveryList,
    output: webhooks.webhookDeliveryPage,
    status: 200,
    problems: ['not-found'],
  }),
} as const
