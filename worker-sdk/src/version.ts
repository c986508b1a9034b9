/** Responsible for the version that this package calls itself; a test compares it with package.json. */
export const version = '0.1.0'
