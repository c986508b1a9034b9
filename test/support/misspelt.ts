/**
 * Responsible for what a person mistypes: a key, a lease, a slug or a link whose last character is another one. Never the same text: a
 * random secret may end in any letter, so one fixed letter would now and then misspell nothing.
 */
export const misspelt = (secret: string): string => `${secret.slice(0, -1)}${secret.endsWith('a') ? 'b' : 'a'}`
