/** What a client may ask of one session. Each bounds memory or time that the client, not we, would choose. */

/** One line between two literals; a UID set of a large mailbox fits, a flood does not. */
export const MAX_LINE = 65_536
/** Before login nothing needs more than an ID of thirty fields, each of 30 and 1,024 octets. [RFC 2971 §3.3] */
export const MAX_LINE_BEFORE_LOGIN = 32_768
/** A literal that is an argument (mailbox name, search text); messages are streamed and have their own limit. */
export const MAX_ARGUMENT_LITERAL = 65_536
export const MAX_LITERAL_BEFORE_LOGIN = 1_024
/** Lines and argument literals of one command together. */
export const MAX_COMMAND = 262_144
/** The same before login: an ID of thirty fields in literals. */
export const MAX_COMMAND_BEFORE_LOGIN = 65_536
/** A literal that the client sends without asking. [RFC 7888 §5] */
export const MAX_NON_SYNC_LITERAL = 4_096
/** Nesting of parentheses in a command; people write three, generators ten. */
export const MAX_DEPTH = 50
/** Silence after login; the standard asks for at least this. [RFC 9051 §5.4] */
export const IDLE_MS = 30 * 60_000
/** So that routers keep the connection in their tables and we notice who is gone. */
export const KEEPALIVE_MS = 2 * 60_000
/** A client that takes nothing for this long is not reading. */
export const STALL_MS = 2 * 60_000
/** Silence in the middle of a literal. */
export const LITERAL_STALL_MS = 60_000
/** Octets that wait to be written before a command pauses. */
export const OUTPUT_BATCH = 32_768
/** A command yields after so much time, so that ten others may run meanwhile (I9). */
export const SLICE_MS = 4
/** Commands in a row that could not be read: whoever talks another protocol is let go. */
export const MAX_BAD_COMMANDS = 50
/** Wrong passwords on one connection. */
export const MAX_FAILED_LOGINS = 5
/** Mailboxes of one account; LIST walks them all. */
export const MAX_MAILBOXES = 2_000
/** Octets of a mailbox name and levels of its hierarchy. */
export const MAX_NAME = 500
/** Octets of a name as it is sent: a longest one takes no more in modified UTF-7, nor decomposed. */
export const MAX_NAME_ON_WIRE = 1_600
export const MAX_LEVELS = 20
/** Keywords of one message: a row must not grow with what a client makes up. */
export const MAX_KEYWORDS = 64
export const MAX_KEYWORD = 100
/** Different keywords of one mailbox: labels are defined by people, and SELECT names them all. */
export const MAX_MAILBOX_KEYWORDS = 500
/** UIDs told in one VANISHED: a line stays about as long as what clients send. */
export const UIDS_OF_A_LINE = 5_000
/** Searches whose results one session hears the changes of: each is asked again of every message that changes. */
export const MAX_CONTEXTS = 16
/** Messages in these results together: four octets each, twelve in a sorted one. */
export const MAX_CONTEXT_MESSAGES = 200_000
/** Unread deliveries in which such a search could not look: whether somebody read them is asked at each look for changes. */
export const MAX_HELD_BACK = 100
/** Rows read from the store at once. */
export const PAGE = 250

/** Values by which messages are searched, sorted and threaded, of all mailboxes: subjects of some 300,000 messages, and their dates. */
export const MAX_KNOWN_OCTETS = 48 * 1024 * 1024
