/** Responsible for computing a review's digest in the browser from what is shown, so that a member approves exactly what they read. */
import { canonicalJson, NotCanonical, type Review } from '@modelreins/contract'

/** The text that the digest covers: RFC 8785 of {artifacts, capability, payload}; undefined when the payload has no canonical form. */
export function canonicalText(review: Pick<Review, 'artifact_digests' | 'capability' | 'payload'>): string | undefined {
  try {
    return canonicalJson({ artifacts: review.artifact_digests, capability: review.capability, payload: review.payload })
  } catch (error) {
    if (error instanceof NotCanonical) return undefined
    throw error
  }
}

export async function sha256Hex(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Shortened to sixteen digits in groups of four, which a person can compare. */
export const shortDigest = (digest: string): string => digest.slice(0, 16).replaceAll(/(.{4})(?=.)/g, '$1 ')
