/** Of a References field; thirty of the longest ids that are read. */
const MAX_FIELD = 8_192

/** `<…@…>` in a Message-ID, In-Reply-To or References field, in their order. [RFC 5322 §3.6.4] What else stands there is passed over. */
export const messageIdsIn = (value: string | undefined): string[] =>
  value === undefined ? [] : (near(value).match(/<[^<>\s]{1,250}>/g) ?? [])

/** The first and the newest of very long ones: what lies between says nothing that they do not. */
const near = (value: string): string =>
  value.length <= MAX_FIELD ? value : `${value.slice(0, MAX_FIELD / 2)} ${value.slice(-MAX_FIELD / 2)}`
