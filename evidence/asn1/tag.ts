/** Identifier octets as they stand on the wire: class, constructed bit and number in one octet. [X.690 §8.1.2] */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  numericString: 0x12,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  visibleString: 0x1a,
  universalString: 0x1c,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const

export const CONSTRUCTED = 0x20

/** Context-specific tag [n], primitive (an implicitly tagged simple type). */
export const contextPrimitive = (number: number): number => 0x80 | number
/** Context-specific tag [n], constructed (explicit tagging, or an implicitly tagged SEQUENCE or SET). */
export const contextConstructed = (number: number): number => 0xa0 | number
