/** What a person may note about mailboxes. Each bounds what one document of the store may become. [RFC 5464 §4.1] */

/** Octets of one value; the standard asks for at least 1,024. */
export const MAX_ENTRY_VALUE = 16_384
/** Entries of one mailbox, for each person and for what all share; the standard asks for at least 10. */
export const MAX_ENTRIES = 50
/** Octets of names and values, for each person and for what all share. */
export const MAX_SCOPE_OCTETS = 65_536
/** The same of all entries of an account, of eight persons who fill theirs: what is read and written whole, in some milliseconds. */
export const MAX_ANNOTATIONS = 524_288
/** Entries named in one command. */
export const MAX_ENTRIES_NAMED = 100
