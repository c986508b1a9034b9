/**
 * Responsible for mistyped secrets: a key, a lease, a slug or a link with a different last character. The character depends on the original, because
 * a random secret may already end in a fixed one.
 */
export const misspelt = (secret: string): string => `${secret.slice(0, -1)}${secret.endsWith('a') ? 'b' : 'a'}`
