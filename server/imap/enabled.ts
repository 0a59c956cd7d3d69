/** What a session has switched on; nothing is switched off again. [RFC 9051 §6.3.1] */
export class Enabled {
  /** ESEARCH, UTF-8 names, no \Recent. [RFC 9051 §6.3.1] */
  rev2 = false
  /** MODSEQ in every FETCH response. Named by ENABLE, or by the first command that asks for it. [RFC 7162 §3.1] */
  condstore = false
  /** VANISHED in place of EXPUNGE. [RFC 7162 §3.2.3] */
  qresync = false
  /** Nobody names a message by its sequence number any more. [RFC 9586 §3] */
  uidOnly = false
  /** Unsolicited METADATA. [RFC 5464 §4.4] */
  metadata = false

  /** What is UTF-8 in IMAP4rev2, for who stays with IMAP4rev1. [RFC 6855 §3] */
  utf8Accept = false

  /** Mailbox names are UTF-8 on the wire, headers may be. [RFC 9051 §5.1] [RFC 6855 §3] */
  get utf8(): boolean {
    return this.rev2 || this.utf8Accept
  }

  get vanished(): boolean {
    return this.qresync || this.uidOnly
  }
}
