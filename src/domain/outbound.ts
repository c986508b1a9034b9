/**
 * Responsible for where the service may send requests on behalf of a tenant: public hosts over https, and hosts that the operator allows by name. It
 * gets a parsed URL, in which the URL parser has already converted decimal, octal and hexadecimal addresses to the usual form. It cannot detect a
 * name that resolves to a private address, but Cloudflare's network reaches no private addresses.
 */
import { isAddress, isPublicAddress } from '@modelreins/contract'

/** The parts of a URL that the decision depends on, in the form of a WHATWG URL. */
export interface Destination {
  /** With its colon: `https:`. */
  readonly protocol: string
  /** Lower case; IPv6 in brackets. */
  readonly hostname: string
  /** Empty for the protocol's default port. */
  readonly port: string
  readonly username: string
  readonly password: string
}

/** `host` or `host:port`, separated by commas, in the form that operators write. */
export const parseAllowedHosts = (text: string | undefined): readonly string[] =>
  (text ?? '')
    .split(',')
    .map((part) => part.trim().toLowerCase())
    .filter((part) => part !== '')

const privateName =
  /(?:^|\.)(?:localhost|localdomain|local|internal|intranet|lan|home|corp|private|test|invalid|onion|alt|arpa|svc|cluster|consul|docker)$/

/** Public zones whose names contain the address that they resolve to: `127.0.0.1.nip.io`. */
const addressName = /(?:^|\.)(?:nip\.io|sslip\.io|xip\.io|localtest\.me|lvh\.me|lacolhost\.com|vcap\.me|traefik\.me)$/

/** Why `what` ("Webhooks") may not be sent there, as a sentence; undefined when it may. An address without a host is named by its scheme. */
export function refusalSentence(
  what: string,
  to: Destination & { readonly host: string },
  allowedHosts: readonly string[],
): string | undefined {
  const refusal = refusalOf(to, allowedHosts)
  if (refusal === undefined) return undefined
  return to.host === ''
    ? `${what} go to addresses that begin with https://; ${to.protocol} is not allowed.`
    : `${what} cannot go to ${to.host}: ${refusal}.`
}

/** Why nothing may be sent there, in words; undefined when it is allowed. */
export function refusalOf(to: Destination, allowedHosts: readonly string[]): string | undefined {
  const host = to.hostname.replace(/\.+$/, '')
  if (to.username !== '' || to.password !== '') return 'the address must not contain credentials'
  if (to.protocol !== 'https:' && to.protocol !== 'http:') return 'only https is allowed'
  if (allowedHosts.includes(host) || allowedHosts.includes(`${host}:${to.port}`)) return undefined
  if (to.protocol !== 'https:') return 'only https is allowed'
  if (isAddress(host)) return isPublicAddress(host) ? undefined : `${host} is not a public address`
  // No top-level domain is a number, so this is an address in a form that other programs may read differently.
  if (/(?:^|\.)(?:\d+|0x[0-9a-f]*)$/i.test(host)) return `${host} is not a public name`
  if (!host.includes('.') || host.includes('..') || privateName.test(host) || addressName.test(host)) return `${host} is not a public name`
  return undefined
}
