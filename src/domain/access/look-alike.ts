/**
 * Responsible for finding names that people can mistake for each other: letters of other scripts that look like Latin ones (from Unicode's list of
 * confusable characters), and different spellings with the same meaning. Latin letters are never replaced, so plain names never collide.
 */

const alike: Readonly<Record<string, string>> = {
  A: 'ΑАᎪ',
  B: 'ΒВᏴ',
  C: 'СϹᏟ',
  D: 'ᎠԀ',
  E: 'ΕЕᎬ',
  F: 'Ϝ',
  G: 'ԌᏀ',
  H: 'ΗНᎻ',
  I: 'ΙІӀ',
  J: 'ЈͿᎫ',
  K: 'ΚКᏦ',
  L: 'Ꮮ',
  M: 'ΜМᎷ',
  N: 'Ν',
  O: 'ΟОՕ',
  P: 'ΡРᏢ',
  Q: 'Ԛ',
  R: 'Ꮢ',
  S: 'ЅՏᏚ',
  T: 'ΤТᎢ',
  U: 'ՍԱ',
  V: 'ѴᏙ',
  W: 'ԜᎳ',
  X: 'ΧХ',
  Y: 'ΥҮУ',
  Z: 'ΖᏃ',
  a: 'аαɑ',
  b: 'Ьᖯ',
  c: 'сϲ',
  d: 'ԁ',
  e: 'еҽ',
  g: 'ɡց',
  h: 'һհ',
  i: 'іιıɩ',
  j: 'јϳ',
  k: 'κк',
  l: 'ӏוןǀ',
  m: 'м',
  n: 'ոη',
  o: 'оοօσ',
  p: 'рρ',
  q: 'ԛգ',
  r: 'г',
  s: 'ѕ',
  t: 'тτ',
  u: 'υս',
  v: 'νѵ',
  w: 'ԝѡω',
  x: 'хχ',
  y: 'уγү',
  z: 'ᴢ',
}

const latin = new Map(Object.entries(alike).flatMap(([letter, others]) => [...others].map((other) => [other, letter] as const)))

/** The appearance of a name: people cannot tell two names with the same key apart. */
export const lookAlikeKey = (name: string): string =>
  [...name.normalize('NFKC')]
    .map((letter) => latin.get(letter) ?? letter)
    .join('')
    .replaceAll(/\s+/g, ' ')
    .trim()
