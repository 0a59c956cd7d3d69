/** The named curves that count, with the octets of their order: of a coordinate, of r and of s. [FIPS 186-5 §6] */
export const CURVE_OCTETS: ReadonlyMap<string, number> = new Map([
  ['prime256v1', 32],
  ['secp384r1', 48],
  ['secp521r1', 66],
])
