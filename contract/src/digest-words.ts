/**
 * Responsible for writing a digest as words, so that two people can compare it over the phone: one of 256 words for each of its first eight bytes.
 * The list must never change: with a changed list, two versions of the product would give different words for one digest.
 */

/** Indexed by the value of the byte. Every two words differ in more than one letter. */
const words: readonly string[] = `
abacus acorn adult agent album amber anchor apple apron arena armor arrow attic audio autumn avenue
badge bagel bakery bamboo banjo barrel basil basket beach beaver bedrock belfry beyond bicycle bishop blanket
blossom bonfire bonsai border bottle branch bread bridge bronze brush bubble bucket buffalo bullet cabbage cactus
camera candle canyon captain carpet castle cement cereal chalk cherry chimney cinema circus clover cobalt coffee
comet copper coral cotton cousin cradle crayon cricket crown crystal cupid curtain cushion cypress dagger dairy
dancer daughter dawn decade delta denim dentist desert diamond dinner doctor dolphin donkey dragon drum eagle
earth echo eclipse editor elbow elephant emerald engine enzyme epoch escape estate evening exit fabric falcon
family fasten feather fender ferry fiddle figure finger flame flute forest fossil fountain frozen galaxy garlic
gazelle geyser giant giraffe glacier goblet gopher granite guitar hammer harbor hazel helmet hermit hickory hockey
honey hotel husband hyphen iceberg igloo index insect island ivory jacket jaguar jelly jigsaw journal jungle
kayak kettle kidney kimono kiosk kitchen koala ladder lagoon lantern leopard lilac lizard lobster lunar magnet
mango marble meadow melon mirror mosaic muffin museum napkin nectar needle nickel nomad noodle nutmeg oasis
ocean olive onion opera orchid otter oxygen oyster paddle palace panther parrot pebble pelican pencil piano
pigeon pillow pirate planet plum pocket pottery puzzle pyramid quarry quartz quiver rabbit radar raven ribbon
river salmon sandal scarlet shadow silver sister sketch spider spiral sponge sugar summit sunset tadpole temple
thunder tiger timber tomato trumpet tulip tunnel turtle umbrella valley velvet violin walnut walrus yogurt zebra
`
  .trim()
  .split(/\s+/)

/**
 * Eight bytes are 64 bits: enough to notice a mistake or a changed text, but not enough against somebody who searches for two texts with the same
 * words.
 */
const spoken = 8

/** `acorn basil ...` for a digest in hex; undefined when the text is not a digest. */
export function digestWords(digest: string): string | undefined {
  if (!/^[0-9a-f]{64}$/.test(digest)) return undefined
  return Array.from({ length: spoken }, (_, index) => words[Number.parseInt(digest.slice(index * 2, index * 2 + 2), 16)]).join(' ')
}

/** The first sixteen hex digits of the digest that these words stand for; undefined when they are not words of the list. */
export function digestStart(said: string): string | undefined {
  const bytes = said
    .trim()
    .toLowerCase()
    .split(/[\s,]+/)
    .map((word) => words.indexOf(word))
  return bytes.length === spoken && !bytes.includes(-1) ? bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('') : undefined
}
